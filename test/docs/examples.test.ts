import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ProgramChannel } from '../../server-stub/alerts/channel.ts';
import { openTestChannels } from '../support/alerting.ts';
import { requireDebianProgram } from '../support/debian.ts';
import { Receiver, WEBHOOK_SECRET } from '../support/receiver.ts';
import { ROOT, readPage } from './pages.ts';

const EVENT = { eventId: 'E1', type: 'license.activated', data: { cid: '717241', note: '教室' } };
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

/** An example of the page, and the program that calls it: [secret, headers, body] on stdin, the event on stdout. */
const EXAMPLES = {
  js: [
    process.execPath,
    ['--input-type=module', '-e'],
    `import { readFileSync } from 'node:fs';
let event = null;
try { event = eventOf(...JSON.parse(readFileSync(0, 'utf8'))); } catch {}
console.log(JSON.stringify(event));`,
  ],
  python: [
    'python3',
    ['-c'],
    `import sys
secret, headers, body = json.load(sys.stdin)
print(json.dumps(event_of(secret, headers, body.encode())))`,
  ],
} as const;

/** What the server sends at a time, as its receiver gets it. */
async function sent(at: number): Promise<{ headers: object; body: string }> {
  const receiver = await Receiver.start();
  const [channel] = (await openTestChannels([{ url: receiver.url }])) as [ProgramChannel];
  const receipt = await channel.send({ ...EVENT, at }, at, new AbortController().signal);
  expect(receipt.delivered).toBe(true);
  return receiver.received[0] as { headers: object; body: string };
}

beforeAll(() => requireDebianProgram('python3'), 300_000);

describe.each(Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[])(
  'the %s example of verifying a webhook',
  (language) => {
    const [example] = readPage('docs/integration.md').blocks.filter((block) => block.language === language);
    const [program, options, caller] = EXAMPLES[language];
    const eventOf = (...call: [secret: string, headers: object, body: string]): unknown => {
      const { status, stdout, stderr } = spawnSync(program, [...options, `${example?.text}\n${caller}`], {
        cwd: ROOT,
        input: JSON.stringify(call),
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      return JSON.parse(stdout);
    };

    test('takes what the server sends, and nothing else', async () => {
      const now = Math.floor(Date.now() / 1000);
      const { headers, body } = await sent(now);
      expect(eventOf(WEBHOOK_SECRET, headers, body)).toMatchObject({ type: EVENT.type, data: EVENT.data });
      expect(eventOf(OTHER_SECRET, headers, body)).toBe(null);
      expect(eventOf(WEBHOOK_SECRET, headers, body.replace('717241', '717242'))).toBe(null);
      expect(eventOf(WEBHOOK_SECRET, { ...headers, 'webhook-id': 'E2' }, body)).toBe(null);
      const old = await sent(now - 3600);
      expect(eventOf(WEBHOOK_SECRET, old.headers, old.body)).toBe(null);
    });

    test('takes what is signed with the old secret and the new', async () => {
      const receiver = await Receiver.start();
      const secret = `${OTHER_SECRET} ${WEBHOOK_SECRET}`;
      const [channel] = (await openTestChannels([{ url: receiver.url, secret }])) as [ProgramChannel];
      const now = Math.floor(Date.now() / 1000);
      await channel.send({ ...EVENT, at: now }, now, new AbortController().signal);
      const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
      for (const one of [WEBHOOK_SECRET, OTHER_SECRET]) expect(eventOf(one, headers, body)).not.toBe(null);
    });
  },
);
