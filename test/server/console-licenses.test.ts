import { expect, test } from 'vitest';
import { ConsoleClient } from '../support/console-client.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

async function withLicense() {
  const server = await TestServer.start();
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  const { license } = (await server.activate('SN-1')).body.data;
  const act = (verb: string, body: object = {}) => operator.post(`/licenses/${license}/${verb}`, body);
  return { server, operator, license, act };
}

test('a license is paused, resumed, renewed, labelled, moved and released; its timeline tells who did', async () => {
  const { server, operator, license, act } = await withLicense();
  const { renewId } = server.world.renewal;
  expect((await act('suspend')).body).toMatchObject({ license, state: 'suspended' });
  expect((await act('resume')).body).toMatchObject({ state: 'active' });
  const before = (await operator.get(`/licenses/${license}`)).body.license.expireTime;
  const renewed = (await act('renew', { renewId })).body;
  expect(renewed.expireTime).toBeGreaterThan(before);
  expect((await act('label', { label: '投影仪', group: '三年级' })).body).toMatchObject({ group: '三年级' });
  expect((await act('transfer', { toLicenseKey: 'SN-2' })).body).toMatchObject({ licenseKey: 'SN-2' });
  expect((await act('release')).body).toMatchObject({ state: 'released' });
  const { body } = await operator.get(`/licenses/${license}`);
  expect(body).toMatchObject({ transfers: 1, transfersPerYear: 1, minutesUsed: 0, sessions: 0 });
  expect(body.timeline.map(({ action, actor }: Record<string, string>) => `${action} ${actor}`)).toEqual([
    expect.stringMatching(/^license\.activate credential:/),
    ...['suspend', 'resume', 'renew', 'label', 'transfer', 'release'].map(
      (verb) => `license.${verb} user:op`,
    ),
  ]);
});

test('what cannot be is refused in words, and nothing changes', async () => {
  const { server, act, operator, license } = await withLicense();
  const errors = async (...attempts: [string, object?][]) =>
    Promise.all(attempts.map(async ([verb, body]) => (await act(verb, body)).body.error));
  expect(
    await errors(
      ['transfer', { toLicenseKey: 'a\nb' }],
      ['transfer'],
      ['renew', { renewId: 'F'.repeat(32) }],
      ['label', { label: 'x'.repeat(101) }],
      ['explode'],
    ),
  ).toEqual([
    'license_key_invalid',
    'license_key_invalid',
    'unknown_renew_id',
    'parameter_invalid',
    'parameter_invalid',
  ]);
  expect((await operator.get(`/licenses/${'0'.repeat(32)}`)).body.error).toBe('unknown_license');
  expect((await operator.get(`/licenses/${license}`)).body.timeline).toHaveLength(1);
  expect(server.clock.time).toBeGreaterThan(0);
});

test('neither a viewer nor an operator of another company changes or sees it', async () => {
  const { server, license } = await withLicense();
  const other = await secondCompany(server);
  const viewer = await ConsoleClient.signedIn(server, { name: 'vi', role: 'viewer' });
  const stranger = await ConsoleClient.signedIn(server, { name: 'st', role: 'operator', cid: other.cid });
  for (const verb of ['suspend', 'resume', 'renew', 'release', 'transfer', 'rebind', 'label']) {
    const body = { toLicenseKey: 'SN-9', label: 'x' };
    expect((await viewer.post(`/licenses/${license}/${verb}`, body)).body.error).toBe('role_insufficient');
    expect((await stranger.post(`/licenses/${license}/${verb}`, body)).body.error).toBe('unknown_license');
  }
  expect((await viewer.get(`/licenses/${license}`)).status).toBe(200);
  expect((await stranger.get(`/licenses/${license}`)).body.error).toBe('unknown_license');
});
