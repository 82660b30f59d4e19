import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { personAtTerminal } from '#core/host/person-at-terminal.ts';

function terminal() {
  const keyboard = new PassThrough();
  let shown = '';
  const screen = new Writable({
    write(chunk, _encoding, done) {
      shown += chunk;
      done();
    },
  });
  return { keyboard, person: personAtTerminal(keyboard, screen), seen: () => shown };
}

describe('a person at the terminal', () => {
  test('types a secret that the screen does not show', async () => {
    const { keyboard, person, seen } = terminal();
    const secret = person.askSecret('Passphrase: ');
    keyboard.write('open sesame\r');
    expect(await secret).toBe('open sesame');
    expect(seen()).toBe('Passphrase: \n');
  });

  test('answers a question, or goes away without one', async () => {
    const { keyboard, person } = terminal();
    const answer = person.ask('Sign this? ');
    keyboard.write('y\r');
    expect(await answer).toBe('y');
    const interrupted = person.ask('Sign this? ');
    keyboard.write('\u0003');
    expect(await interrupted).toBeUndefined();
    const ended = person.askSecret('Passphrase: ');
    keyboard.end();
    expect(await ended).toBeUndefined();
  });
});
