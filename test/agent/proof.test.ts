import { describe, expect, test } from 'vitest';
import { verifyAnswer } from '#core/documents/answer.ts';
import { licenseProofDocument, verifyLicenseProof } from '#core/documents/license-proof.ts';
import { generateSigningKey } from '#core/keys.ts';
import { codeOf } from '../support/forge.ts';
import { call, post, startAgent, until } from './running-agent.ts';

const nonce = 'n0nce-of-an-application';

async function proven() {
  const agent = await startAgent();
  await until(agent.client, 'active');
  const { daemon, world } = agent;
  const { proof, ...answer } = await call(daemon, 'POST', '/v1/proof', { body: { nonce } });
  const { jkt } = daemon.service.licenses.requireEnrolled().subject;
  const verified = await verifyAnswer(answer, { ...world.subject, jkt }, [world.root]);
  if (verified.kind !== 'token') throw new Error('expected a token');
  return { ...agent, proof, token: verified.token };
}

describe('a proof', () => {
  test('shows that who answers holds the key of the token, for this nonce alone', async () => {
    const { proof, token, world } = await proven();
    expect(await verifyLicenseProof(proof, token, nonce)).toMatchObject({
      nonce,
      licenseKey: world.licenseKey,
    });
    expect(await codeOf(() => verifyLicenseProof(proof, token, `${nonce}2`))).toBe('proof_mismatch');
  });

  test('of another device, or with a key of its own, is refused', async () => {
    const { proof, token } = await proven();
    const { claims } = licenseProofDocument.parse(proof);
    const thief = generateSigningKey();
    const forged = await licenseProofDocument.sign({ ...claims, jwk: thief.jwk }, thief);
    expect(await codeOf(() => verifyLicenseProof(forged, token, nonce))).toBe('proof_mismatch');
    const borrowed = await licenseProofDocument.sign(claims, thief);
    expect(await codeOf(() => verifyLicenseProof(borrowed, token, nonce))).toBe('issuer_untrusted');
  });

  test('is not given for a short nonce, nor where there is no license', async () => {
    const { daemon } = await proven();
    const ask = (body: object) => codeOf(() => call(daemon, 'POST', '/v1/proof', { body }));
    expect(await ask({ nonce: 'short' })).toBe('body_malformed');
    expect(await ask({ nonce: 'ä'.repeat(20) })).toBe('body_malformed');
    await post(daemon, '/v1/release');
    expect(await ask({ nonce })).toBe('released');
  });
});
