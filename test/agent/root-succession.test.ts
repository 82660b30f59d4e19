import { expect, test } from 'vitest';
import type { SignedSuccession } from '#core/documents/root-succession.ts';
import { generateSigningKey } from '#core/keys.ts';
import { enrolledDevice, underStoredRoots } from '../../agent/enrolled.ts';
import { codeOf } from '../support/forge.ts';
import { type RootPair, replaceRoot } from '../support/succession.ts';
import { NOW, World } from '../support/world.ts';
import { DAY, deviceOf, openAgent } from './support.ts';

/** A device that is licensed under the first root of a vendor who has replaced it since. */
async function licensed(times = 1) {
  const world = new World();
  const agent = openAgent(world);
  const token = await agent.activate();
  const { chain, newest } = await replaceRoot(world, times, NOW + DAY);
  agent.clock.pass(2 * DAY);
  /** What a server answers to a refresh, its certificate under a root. */
  const answer = async (
    nonce: string,
    by: Pick<RootPair, 'root'>,
    { serial = 2, rootSuccession = chain }: { serial?: number; rootSuccession?: SignedSuccession[] } = {},
  ) =>
    world.tokenAnswer(
      { ...{ nonce, license: token.license }, iat: agent.clock.wall, activationTime: token.activationTime },
      { issuerCertificate: await world.certificate({ serial }, by.root), rootSuccession },
    );
  const refresh = async (by: Pick<RootPair, 'root'>, parts = {}) => {
    const { jti } = await agent.request();
    return agent.accept(await answer(jti, by, parts), { channel: 'online', jti });
  };
  return { world, agent, chain, newest, answer, refresh };
}

test('a thief of the old root who certified itself with the highest serial keeps nobody from following', async () => {
  const { world, agent, newest, refresh } = await licensed();
  await refresh(world, { serial: Number.MAX_SAFE_INTEGER, rootSuccession: [] });
  expect(await codeOf(() => refresh(world, { serial: 3, rootSuccession: [] }))).toBe('issuer_serial_old');
  expect((await refresh(newest, { serial: 2 })).kind).toBe('token');
  // Under one root the serial counts as before.
  expect(await codeOf(() => refresh(newest, { serial: 1 }))).toBe('issuer_serial_old');
  expect(await codeOf(() => refresh(world, { serial: Number.MAX_SAFE_INTEGER }))).toBe('root_succeeded');
  expect((await agent.licenses.verdict()).verdict.state).toBe('active');
});

test('a succession that the disk lost while the daemon ran is there again after the next answer', async () => {
  const { agent, newest, chain, refresh } = await licensed();
  await refresh(newest);
  for (const spoilt of [[], [{ root: 'a.b.c', spare: 'a.b.c' }]]) {
    agent.store.saveRootSuccession(spoilt);
    await refresh(newest, { rootSuccession: [] });
    expect(agent.store.rootSuccession).toEqual(chain);
  }
});

test('of a stored chain the links that hold are kept', async () => {
  const { world, agent, newest, chain, refresh } = await licensed(2);
  await refresh(newest);
  const pinned = { enrollment: world.enrollment(), roots: world.roots };
  const knownAfter = async (stored: SignedSuccession[]) => {
    agent.store.saveRootSuccession(stored);
    return (await underStoredRoots(pinned, agent.store)).roots.rootSuccession;
  };
  const [first, second] = chain as [SignedSuccession, SignedSuccession];
  expect(await knownAfter(chain)).toEqual(chain);
  expect(await knownAfter([first, { ...second, spare: second.root }])).toEqual([first]);
  expect(await knownAfter([{ ...first, spare: first.root }, second])).toEqual([]);
});

test('an answer or an enrollment that began before another led further takes nothing back', async () => {
  const { world, agent, newest, chain, answer, refresh } = await licensed(2);
  const { licenses, store } = agent;
  // It takes its time: by when it is there, an answer under the newest root was.
  const { jti } = await agent.request('refresh', 'file');
  const slow = licenses.accept([{ answer: await answer(jti, world, { rootSuccession: [] }) }], 'file');
  await refresh(newest);
  await slow;
  expect(store.rootSuccession).toEqual(chain);
  const device = deviceOf(world);
  licenses.enroll(enrolledDevice({ enrollment: agent.folder.enrollment, roots: world.roots }, device));
  expect(store.rootSuccession).toEqual(chain);
  expect(licenses.enrolled?.roots.root.thumbprint).toBe(newest.root.thumbprint);
  // The device of another vendor from now on, by its maker's file.
  const other = new World({ root: generateSigningKey() });
  licenses.enroll(enrolledDevice({ enrollment: other.enrollment(), roots: other.roots }, device));
  expect(store.rootSuccession).toEqual([]);
});
