import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. */
const POLL = 5;

/** What QEMU answers: `return`, or `error`. Its events have neither. */
interface Answer {
  return?: unknown;
  error?: { desc: string };
}

/** The monitor of one QEMU, which connects to a socket at `path`. Its language is QMP (docs/interop/qmp-spec.txt). */
export class MachineControl {
  readonly #server: Server;
  #socket: Socket | undefined;
  #lines: AsyncIterator<string> | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Waits for QEMU, which may start when this has resolved. */
  static async listen(path: string): Promise<MachineControl> {
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    return new MachineControl(server);
  }

  /** Waits until QEMU has connected. */
  async connected(): Promise<void> {
    const [socket] = (await once(this.#server, 'connection')) as [Socket];
    // If QEMU ends, the lines end.
    socket.on('error', () => {});
    this.#socket = socket;
    const lines: Interface = createInterface(socket);
    this.#lines = lines[Symbol.asyncIterator]();
    await this.execute('qmp_capabilities');
  }

  /** @throws with QEMU's reason if it refuses the command. */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#socket?.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    for (;;) {
      const next = await this.#lines?.next();
      if (next === undefined || next.done) throw new Error(`QEMU ended during ${command}`);
      const answer = JSON.parse(next.value) as Answer;
      if (answer.error !== undefined) throw new Error(`${command}: ${answer.error.desc}`);
      if (answer.return !== undefined) return answer.return;
    }
  }

  /** Executes the query until its `status` is this one. @throws if it becomes `failed`. */
  async until(query: string, wanted: string): Promise<void> {
    for (;;) {
      const { status } = (await this.execute(query)) as { status?: string };
      if (status === wanted) return;
      if (status === 'failed') throw new Error(`${query}: failed`);
      await sleep(POLL);
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }
}
