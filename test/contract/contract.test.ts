import { describe, expect, test } from 'vitest';
import { newAppId, newId } from '#core/ids.ts';
import type { EngineName } from '../../server-stub/store/engine.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { everything } from '../support/everything.ts';
import { type Answered, Reference } from '../support/reference.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { CALLS, type ContractCall, DOCUMENTED, type Parameters } from './calls.ts';

endClusterAfterAll();

/** The documented world at the documented moment: App ID, CID and the time of the example's activation. */
function documentedServer(engine: EngineName): Promise<TestServer> {
  const { appid, cid, activationTime } = DOCUMENTED;
  return TestServer.start({
    engine,
    world: { appId: appid, cid, now: activationTime },
    lines: ({ purchase, renewal }) => [{ ...purchase, count: 20 }, renewal],
  });
}

/** Makes a call as a client would that was written for the public API. */
async function send(
  server: TestServer,
  call: ContractCall,
  path: string,
  parameters: Parameters,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const url = new URL(server.url);
  const body: Record<string, unknown> = {};
  url.pathname = path;
  for (const [name, value] of Object.entries(parameters)) {
    if (path.includes(`{${name}}`)) url.pathname = path.replace(`{${name}}`, String(value));
    else if (call.inBody?.includes(name)) body[name] = value;
    else url.searchParams.set(name, String(value));
  }
  const init: RequestInit = {
    method: call.method,
    headers: { authorization: server.authorization, ...headers },
  };
  if (call.inBody !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  if (call.file !== undefined) {
    const form = new FormData();
    form.append('file', new Blob([call.file], { type: 'text/plain' }), 'keys.txt');
    init.body = form;
  }
  const response = await fetch(url, init);
  const contentType = response.headers.get('content-type') ?? '';
  const text = await response.text();
  return {
    status: response.status,
    contentType,
    body: contentType.startsWith('application/json') ? JSON.parse(text) : text,
  };
}

/** The example with what only the server knows: the license that call 5 renews. */
async function exampleOf(server: TestServer, call: ContractCall, path: string): Promise<Parameters> {
  const example = call.example(server);
  if (call.number !== 5) return example;
  const { body } = await server.detail(path.includes('/v1/') ? 'device-v1' : 'device-v2');
  return { ...example, license: body.data.license };
}

const CHINESE = /[\u4e00-\u9fff]/;

/** A refusal in the contract's envelope, in both languages, after which the store is what it was; gives the messages. */
async function expectRefusal(
  server: TestServer,
  call: ContractCall,
  path: string,
  parameters: Parameters,
  error: string | readonly string[],
): Promise<readonly string[]> {
  const before = await everything(server.store.reader);
  const answers = [
    await send(server, call, path, parameters),
    await send(server, call, path, parameters, { 'accept-language': 'en-US,en;q=0.9,zh;q=0.5' }),
  ];
  const codes = [error].flat();
  for (const { status, contentType, body } of answers) {
    expect([status, contentType]).toEqual([400, 'application/json; charset=utf-8']);
    expect(body).toEqual({
      code: 400,
      message: expect.any(String),
      error: expect.toBeOneOf([...codes]),
      requestId: expect.any(String),
    });
  }
  const messages = answers.map(({ body }) => (body as { message: string }).message);
  const [chinese = '', english = ''] = messages;
  expect(chinese).toMatch(CHINESE);
  expect(english).not.toMatch(CHINESE);
  expect(await everything(server.store.reader)).toEqual(before);
  return messages;
}

describe.each(ENGINES)('the contract, store in %s', (engine) => {
  describe.each(CALLS.map((call) => [`call ${call.number} ${call.method} ${call.paths[0]}`, call] as const))(
    '%s',
    (_name, call) => {
      let server: TestServer;
      const start = async (): Promise<void> => {
        server = await documentedServer(engine);
        if (call.number >= 14) await optIn(server);
      };
      const texts = (parameters: Parameters) =>
        Object.entries(parameters).filter(([, value]) => typeof value === 'string');

      test('answers the documented example, under every version', async () => {
        await start();
        const reference = await Reference.of(server);
        for (const path of call.paths) {
          await call.prepare?.(server, path);
          const answer = await send(server, call, path, await exampleOf(server, call, path));
          expect(answer).toMatchObject({ status: 200, body: call.answer(server, path) });
          expect(reference.faultsOf(call.method, path, answer)).toEqual([]);
        }
      });

      if (call.englishMessage !== undefined)
        test('says it in English to those who prefer it', async () => {
          await start();
          const [path = ''] = call.paths;
          await call.prepare?.(server, path);
          const example = await exampleOf(server, call, path);
          const answer = await send(server, call, path, example, { 'accept-language': 'en' });
          expect(answer.body).toMatchObject({ code: 200, message: call.englishMessage });
        });

      test('refuses what is missing, of the wrong type or too long, and changes nothing', async () => {
        await start();
        for (const path of call.paths) {
          await call.prepare?.(server, path);
          const example = await exampleOf(server, call, path);
          for (const name of Object.keys(example)) {
            const { [name]: _left, ...rest } = example;
            if (path.includes(`{${name}}`) || call.optional?.includes(name)) continue;
            await expectRefusal(server, call, path, rest, 'parameter_missing');
          }
          for (const [name, value] of Object.entries(call.wrongType ?? {}))
            await expectRefusal(server, call, path, { ...example, [name]: value }, 'parameter_invalid');
          for (const [name] of texts(example)) {
            // A path that long is no route of ours.
            const long = 'x'.repeat(path.includes(`{${name}}`) ? 90 : 5000);
            const codes = ['parameter_invalid', 'license_key_invalid', 'unknown_app'];
            await expectRefusal(server, call, path, { ...example, [name]: long }, codes);
          }
        }
      });

      test('does not tell the App of another company from one that is unknown', async () => {
        await start();
        const other = await secondCompany(server);
        for (const path of call.paths) {
          await call.prepare?.(server, path);
          const example = await exampleOf(server, call, path);
          const [foreign, unknown] = [other.appId, newAppId()];
          const refuse = (appid: string) =>
            expectRefusal(server, call, path, { ...example, appid }, 'unknown_app');
          const told = await refuse(foreign);
          expect(told.map((message) => message.replaceAll(foreign, unknown))).toEqual(await refuse(unknown));
        }
      });

      const has = (name: string) =>
        call.number === 1 || call.number === 3 ? name === 'pid' : call.number === 5 && name === 'renewId';
      if (has('pid') || has('renewId'))
        test('refuses a PID or renewId that was not granted', async () => {
          await start();
          const [name, error] = has('pid') ? ['pid', 'unknown_pid'] : ['renewId', 'unknown_renew_id'];
          for (const path of call.paths) {
            await call.prepare?.(server, path);
            const example = await exampleOf(server, call, path);
            await expectRefusal(
              server,
              call,
              path,
              { ...example, [name as string]: newId() },
              error as string,
            );
          }
        });

      const consumes: Record<number, string> = {
        1: 'quota_exhausted',
        3: 'allocation_exceeds_free',
        5: 'renewal_exhausted',
        14: 'quota_exhausted',
      };
      if (call.number in consumes)
        test('takes nothing where nothing is left', async () => {
          server = await TestServer.start({
            engine,
            world: { appId: DOCUMENTED.appid, cid: DOCUMENTED.cid, now: DOCUMENTED.activationTime },
            lines: ({ purchase, renewal }) => [
              { ...purchase, count: 3 },
              { ...renewal, count: 1 },
            ],
          });
          if (call.number >= 14) await optIn(server);
          if (call.number === 5) {
            await server.activate('device-v1');
            await server.activate('device-v2');
            const first = await exampleOf(server, call, '/v2/');
            expect((await send(server, call, call.paths[0] ?? '', first)).status).toBe(200);
          } else {
            for (const key of ['a', 'b', 'c']) expect((await server.activate(key)).status).toBe(200);
          }
          for (const path of call.paths) {
            const example = await exampleOf(server, call, path);
            await expectRefusal(server, call, path, example, consumes[call.number] as string);
          }
        });

      if (call.number === 1 || call.number === 14)
        test('refuses who is not preauthorized', async () => {
          await start();
          const { appId } = server.world;
          expect(
            (await server.call('POST', `/dabiz/license/v2/vendor/pad/switch?appid=${appId}`)).status,
          ).toBe(200);
          for (const path of call.paths) {
            const example = call.example(server);
            await expectRefusal(server, call, path, example, 'not_preauthorized');
          }
        });

      test('is refused without credentials and with wrong ones, with a challenge', async () => {
        await start();
        const [path = ''] = call.paths;
        await call.prepare?.(server, path);
        const before = await everything(server.store.reader);
        const example = await exampleOf(server, call, path);
        for (const authorization of ['', 'Basic eDp5', 'Bearer x']) {
          const { status, body } = await send(server, call, path, example, { authorization });
          expect([status, body]).toEqual([
            401,
            expect.objectContaining({ code: 401, error: 'unauthorized' }),
          ]);
        }
        expect(await everything(server.store.reader)).toEqual(before);
      });
    },
  );
});

/** Lets the old device tools activate in the App. */
async function optIn(server: TestServer): Promise<void> {
  const { appId, purchase } = server.world;
  await server.store.write(server.clock.now(), ({ db }) =>
    db.updateTable('app').set({ legacy_pid: purchase.pid }).where('app_id', '=', appId).execute(),
  );
}
