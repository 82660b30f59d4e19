import { LicenseError } from '#core/errors.ts';
import { countComponents, isRecognisable } from '../identity-text.ts';
import { IDENTITY_WARNINGS, identityWarnings } from '../identity-warnings.ts';
import { isOtherNow, keyInUse, licenseKeyReport } from '../license-key-report.ts';
import type { Circumstances } from './circumstances.ts';
import { type Finding, faultOf, finding } from './finding.ts';

/** Who the device is, and what of that will surprise. */
export async function lookAtIdentity({ identity, config }: Circumstances): Promise<Finding[]> {
  if (identity instanceof LicenseError) return [faultOf('identity', identity)];
  const report = await licenseKeyReport(config, identity);
  const key = keyInUse(report);
  if (key === undefined)
    return [
      faultOf(
        'identity',
        new LicenseError('license_key_underivable', { strategy: config.licenseKeyStrategy }),
      ),
    ];
  const count = countComponents(identity);
  const detail = {
    licenseKey: key.licenseKey,
    licenseKeySource: key.source,
    fingerprintComponents: count,
    recognisable: isRecognisable(identity),
    environment: identity.environment ?? null,
  };
  const warnings = identityWarnings(identity, key).map((warning) =>
    finding('identity', 'warning', IDENTITY_WARNINGS[warning], { detail: { ...detail, warning } }),
  );
  if (isOtherNow(report) && typeof report.derived === 'object') {
    const { licenseKey: other } = report.derived;
    warnings.push(
      finding(
        'identity',
        'warning',
        {
          en: `the LicenseKey is ${key.licenseKey}, and this machine or its configuration now gives ${other}`,
          zh: `LicenseKey 为 ${key.licenseKey}，而本机或其配置现在会得出 ${other}`,
        },
        {
          remedy: {
            en: 'Where the stateDir came from another device, or was copied, remove it and enroll this one; where the board was replaced, all is well.',
            zh: '如 stateDir 来自其他设备或由其复制，请将其删除并重新登记本设备；如只是更换了主板，则无需处理。',
          },
          detail: { ...detail, licenseKeyNow: other },
        },
      ),
    );
  }
  if (warnings.length > 0) return warnings;
  return [
    finding(
      'identity',
      'ok',
      {
        en: `${key.licenseKey}, fingerprint of ${count} components`,
        zh: `${key.licenseKey}，硬件指纹共 ${count} 项`,
      },
      { detail },
    ),
  ];
}
