import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { loadingOrder } from './initramfs.js';

const DEPENDENCIES = [
  'kernel/fs/xfs/xfs.ko.xz: kernel/lib/libcrc32c.ko.xz',
  'kernel/lib/libcrc32c.ko.xz: kernel/crypto/crc32c.ko.xz',
  'kernel/crypto/crc32c.ko.xz:',
  'kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko.xz',
  'kernel/drivers/virtio/virtio.ko.xz:',
  '',
].join('\n');

describe('the modules of a guest', () => {
  it('load behind everything that they depend on', () => {
    assert.deepEqual(loadingOrder(DEPENDENCIES, ['xfs']), [
      'kernel/crypto/crc32c.ko.xz',
      'kernel/lib/libcrc32c.ko.xz',
      'kernel/fs/xfs/xfs.ko.xz',
    ]);
  });

  it('load once, whoever needs them', () => {
    const order = loadingOrder(DEPENDENCIES, ['virtio_blk', 'xfs', 'virtio_blk']);
    assert.equal(new Set(order).size, order.length);
  });

  it('are left out where the kernel has them built in', () => {
    assert.deepEqual(loadingOrder(DEPENDENCIES, ['ext4']), []);
  });
});
