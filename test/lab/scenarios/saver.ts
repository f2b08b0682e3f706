import { Saver } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 12;
const BURST = 9;

export const saverBursts: Scenario = {
  title: '`Saver`: bursts of nine values, of which the newest is written',
  prepare(volume) {
    volume.existing('settings', 5000);
  },
  async run(volume) {
    const savers = new Map<string, Saver<Buffer>>();
    const save = (path: string, content: Buffer) => {
      const saver = savers.get(path) ?? new Saver<Buffer>(path);
      savers.set(path, saver);
      return saver.save(content);
    };
    for (let round = 0; round < ROUNDS; round++) {
      const burst = Array.from({ length: BURST }, (_, index) => volume.save('settings', 5000 + index, save));
      await Promise.all([...burst, volume.save('state', 70_000, save)]);
    }
    for (const saver of savers.values()) await saver.close();
  },
};
