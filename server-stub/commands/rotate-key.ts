import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import { apply } from '../licensing/apply.ts';
import { nextServerKey } from '../server-keys.ts';
import { settleKeys } from '../settle-keys.ts';
import { type CommandContext, now, withStore } from './context.ts';

export interface RotateKeyOptions {
  cid: string;
  out: string;
}

/**
 * `license-server rotate-key`: makes the next signing key and an application by which the vendor certifies it for a
 * company. The server signs with it from the import of that certificate on; devices need nothing.
 *
 * @throws `unknown_company`, `file_exists`, `file_unwritable`
 */
export async function rotateKey(context: CommandContext, { cid, out }: RotateKeyOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  requireNewFile(out);
  const { company, apps, serverId } = await withStore(context, async (store, installation) => {
    // A key that came into force since the last start or import is no longer the next one.
    await settleKeys(store, config.stateDir, now());
    const { reader } = store;
    return {
      serverId: installation.serverId,
      company: await reader.selectFrom('company').select('name').where('cid', '=', cid).executeTakeFirst(),
      apps: await reader
        .selectFrom('app')
        .select(['app_id as appId', 'name'])
        .where('cid', '=', cid)
        .execute(),
    };
  });
  if (company === undefined || apps.length === 0) throw new LicenseError('unknown_company', { cid });
  const key = nextServerKey(config.stateDir);
  const wish = { cid, name: company.name, items: [], apps, preallocation: false };
  const { document } = await apply({ serverId, key }, wish, now());
  writeNewFile(out, document, 0o644);
  answer(terminal, { serverId, cid, kid: key.thumbprint, file: out }, WORDS[terminal.language](out));
  return 0;
}

const WORDS = {
  en: (file: string) =>
    `The next key is made. Send ${file} to the vendor, who certifies it with: license-vendor certify ${file} --new-key. Then: license-server import CERTIFICATE.`,
  zh: (file: string) =>
    `新的签名密钥已生成。请将 ${file} 发送给厂商，由厂商执行 license-vendor certify ${file} --new-key 认证，然后执行 license-server import CERTIFICATE。`,
};
