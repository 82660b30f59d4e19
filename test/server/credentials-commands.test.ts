import { describe, expect, test } from 'vitest';
import { runHere } from '../support/run-here.ts';
import { createServerFolder } from '../support/server-folder.ts';

const CHINESE = { LC_ALL: 'zh_CN.UTF-8' };
const ENGLISH = { LC_ALL: 'C.UTF-8' };

/** A server's folder with an operator at its keyboard. */
async function operated() {
  const folder = await createServerFolder();
  const env = { LICENSE_SERVER_STATE_DIR: folder.stateDir };
  const read = (args: readonly string[], language = ENGLISH) =>
    runHere('server', { args, env: { ...env, ...language } });
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await read(['--json', ...args]);
    return { code, ...JSON.parse(stdout || stderr) };
  };
  return { world: folder.world, read, ask };
}

describe('license-server credentials', () => {
  test('create with a label, rotate with an overlap, revoke; list tells of it without secrets', async () => {
    const { world, read, ask } = await operated();
    const create = ['credentials', 'create', '--cid', world.cid, '--scope', 'activate'];
    const made = await ask(...create, '--label', '产线工具');
    expect(made).toMatchObject({ code: 0, cid: world.cid, scope: 'activate', label: '产线工具' });
    const { customerId, customerSecret } = made;

    const rotated = await ask('credentials', 'rotate', customerId);
    expect(rotated).toMatchObject({ code: 0, customerId, scope: 'activate' });
    expect(rotated.customerSecret).not.toBe(customerSecret);
    const inADay = Date.now() / 1000 + 86_400;
    expect(Math.abs(rotated.previousUntil - inADay)).toBeLessThan(60);

    const text = await read(['credentials', 'list']);
    expect(text.stdout).toMatch(
      new RegExp(`${customerId} +${world.cid} +activate +产线工具 +\\S+ +– +in force; old secret until`),
    );
    for (const secret of [customerSecret, rotated.customerSecret]) expect(text.stdout).not.toContain(secret);
    const atOnce = await read(['credentials', 'rotate', customerId, '--overlap', '0'], CHINESE);
    expect(atOnce.stdout).toMatch(/密钥只显示这一次，请妥善保存。\n旧密钥已失效。\n$/);

    expect((await ask('credentials', 'revoke', customerId)).revoked).toBe(true);
    const { credentials } = await ask('credentials', 'list');
    expect(credentials).toContainEqual({
      ...{ customerId, cid: world.cid, scope: 'activate', label: '产线工具', createdAt: expect.any(Number) },
      ...{ lastUsedAt: null, previousUntil: null, revokedAt: expect.any(Number) },
    });
    const gone = await ask('credentials', 'rotate', customerId);
    expect([gone.code, gone.error]).toEqual([2, 'unknown_credential']);
    for (const overlap of ['-1', '721', '1.5', 'x']) {
      const { code, stderr } = await read(['credentials', 'rotate', customerId, '--overlap', overlap]);
      expect([overlap, code, stderr.includes('--overlap')]).toEqual([overlap, 2, true]);
    }
  }, 60_000);
});

describe('license-server company', () => {
  test('list and set a rate limit', async () => {
    const { world, read, ask } = await operated();
    const { cid } = world;
    expect(await ask('company', 'set', cid, '--rate-limit', '50')).toEqual({
      ...{ code: 0, cid, rateLimitPerSecond: 50 },
    });
    expect((await ask('company', 'list')).companies).toEqual([
      { cid, name: 'Test School', createdAt: expect.any(Number), rateLimitPerSecond: 50 },
    ]);
    const none = await read(['company', 'set', cid, '--rate-limit', '0'], CHINESE);
    expect(none.stdout).toBe(`企业 ${cid} 每接口每秒调用次数：不限。\n`);
    expect(await ask('company', 'set', cid, '--rate-limit', 'default')).toMatchObject({
      rateLimitPerSecond: null,
    });
    expect((await read(['company', 'list'])).stdout).toMatch(/1000 \(as configured\)/);
    const unknown = await ask('company', 'set', 'nobody', '--rate-limit', '1');
    expect([unknown.code, unknown.error]).toEqual([2, 'unknown_company']);
    for (const limit of ['-1', 'many', '1000001']) {
      const { code, stderr } = await read(['company', 'set', cid, '--rate-limit', limit]);
      expect([limit, code, stderr.includes('--rate-limit')]).toEqual([limit, 2, true]);
    }
    expect((await read(['company', 'set', cid])).code).toBe(2);
  }, 60_000);
});
