import type { Fingerprint } from '#core/device/fingerprint.ts';
import type { Answer, VerifiedAnswer } from '#core/documents/answer.ts';
import { verifyAnswer } from '#core/documents/answer.ts';
import { type Enrollment, enrollmentProof } from '#core/documents/enrollment.ts';
import { type LicenseRequest, licenseRequestDocument } from '#core/documents/license-request.ts';
import { adoptSuccession } from '#core/documents/root-succession.ts';
import { newId } from '#core/ids.ts';
import { generateSigningKey, type SigningKey } from '#core/keys.ts';
import type { Problem } from '../../server-stub/http/problems.ts';
import type { TestServer } from './server.ts';
import { NOW } from './world.ts';

/** A board with three components, told apart by a letter. */
export function board(letter: string): Fingerprint {
  const digest = (part: string) => [`${part}${letter}`.padEnd(43, 'A')];
  return { boardSerial: digest('b'), productUuid: digest('u'), macs: digest('m') };
}

export interface SentAnswer {
  readonly status: number;
  /** The answer, or the problem. */
  readonly body: Answer & Problem;
}

/** A device as the server sees it: a key, a board, an enrollment; it speaks the device protocol by itself. */
export class TestDevice {
  readonly server: TestServer;
  readonly enrollment: Enrollment;
  readonly licenseKey: string;
  readonly key: SigningKey;
  readonly fingerprint: Fingerprint;
  #counter = 0;

  constructor(
    server: TestServer,
    enrollment: Enrollment,
    licenseKey: string,
    fingerprint: Fingerprint = board(licenseKey),
    key = generateSigningKey(),
  ) {
    this.server = server;
    this.enrollment = enrollment;
    this.licenseKey = licenseKey;
    this.fingerprint = fingerprint;
    this.key = key;
  }

  /** A signed request; an activation carries the enrollment proof. */
  request(overrides: Partial<LicenseRequest> = {}): Promise<string> {
    const { enrollment, key, licenseKey, fingerprint } = this;
    const jti = overrides.jti ?? newId();
    const purpose = overrides.purpose ?? 'activate';
    const { id, secret } = enrollment.enrollment;
    this.#counter += 1;
    const claims: LicenseRequest = {
      jti,
      aud: enrollment.serverId,
      iat: NOW,
      purpose,
      automatic: true,
      appId: enrollment.appId,
      pid: enrollment.pid,
      licenseKey,
      jwk: key.jwk,
      fingerprint,
      counter: this.#counter,
      agentVersion: '0.1.0',
      bootId: 'boot-1',
      ...(purpose === 'activate' && {
        enrollment: {
          id,
          hmac: enrollmentProof(secret, key.thumbprint, jti, overrides.licenseKey ?? licenseKey),
        },
      }),
      ...overrides,
    };
    return licenseRequestDocument.sign(claims, key);
  }

  async send(compact: string): Promise<SentAnswer> {
    const response = await fetch(`${this.server.url}/v1/license-requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/jwt' },
      body: compact,
    });
    return { status: response.status, body: (await response.json()) as Answer & Problem };
  }

  /** Asks, and verifies the answer from the vendor's root down as an agent does. */
  async ask(overrides: Partial<LicenseRequest> = {}): Promise<VerifiedAnswer> {
    const { status, body } = await this.send(await this.request(overrides));
    if (status !== 200) throw new Error(`${status} ${body.error}`);
    return this.verify(body);
  }

  async verify(answer: Answer): Promise<VerifiedAnswer> {
    const { all } = await adoptSuccession(this.server.world.roots, answer.rootSuccession ?? []);
    const { serverId, cid, appId, pid } = this.enrollment;
    const subject = { serverId, cid, appId, pid, licenseKey: this.licenseKey, jkt: this.key.thumbprint };
    return verifyAnswer(answer, subject, all);
  }
}
