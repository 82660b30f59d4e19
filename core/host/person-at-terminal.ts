import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Someone who can be asked. An answer is undefined where they gave none (end of input, Ctrl-C). */
export interface Person {
  ask(question: string): Promise<string | undefined>;
  /** Asked without echo. */
  askSecret(question: string): Promise<string | undefined>;
}

/** Whether an answer to `[y/N]` means yes, in either language. */
export function saysYes(answer: string | undefined): boolean {
  return ['y', 'yes', '是'].includes(answer?.trim().toLowerCase() ?? '');
}

/**
 * The person at a terminal.
 *
 * @param output where questions go: stderr, since stdout is for answers
 */
export function personAtTerminal(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Person {
  return {
    async ask(question) {
      const answer = await askOn(input, output, question);
      if (answer === undefined) output.write('\n');
      return answer;
    },

    async askSecret(question) {
      output.write(question);
      // readline puts the terminal into raw mode, so what is not written here is not echoed at all.
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      const answer = await askOn(input, nowhere, '');
      output.write('\n');
      return answer;
    },
  };
}

function askOn(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  question: string,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const reader = createInterface({ input, output, terminal: true, historySize: 0 });
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => resolve(undefined));
    reader.question(question, (answer) => {
      resolve(answer);
      reader.close();
    });
  });
}
