import { type Bilingual, LicenseError } from '#core/errors.ts';
import { readTextFile } from '#core/host/files.ts';
import { readSecretFile } from '#core/host/key-file.ts';
import type { ServerConfig } from '../config.ts';
import { isLoopback } from '../is-loopback.ts';
import { Directory } from './directory.ts';

/**
 * The directory of the configuration, its secret read; undefined where there is none. Nothing is asked of it yet: one
 * that is out of reach stops neither the server nor those who sign in with a password.
 *
 * @throws `config_invalid` that names the key; `key_file_permissions`, `file_unreadable`
 */
export function openDirectory(
  config: ServerConfig,
  env: Readonly<Record<string, string | undefined>>,
): Directory | undefined {
  if (config.oidcIssuer === '') return undefined;
  const { oidcClientSecretFile, oidcCaFile } = config;
  if (config.oidcClientId === '') throw invalid('oidcClientId', { en: 'is missing', zh: '缺失' });
  const ofOneCompany = config.oidcRoles.findIndex(({ role, cid }) => role === 'admin' && cid !== undefined);
  if (ofOneCompany >= 0) {
    const problem = { en: 'is there beside the role admin', zh: '与角色 admin 不可同时设置' };
    throw invalid(`oidcRoles[${ofOneCompany}].cid`, problem);
  }
  return new Directory({
    issuer: issuerOf(config),
    name: config.oidcName,
    clientId: config.oidcClientId,
    secret: oidcClientSecretFile === '' ? undefined : secretOf(oidcClientSecretFile),
    scope: config.oidcScope,
    nameClaim: config.oidcNameClaim,
    roleClaim: config.oidcRoles.length === 0 ? undefined : config.oidcRoleClaim,
    ca: oidcCaFile === '' ? '' : readTextFile(oidcCaFile, 1024 * 1024),
    env,
  });
}

function issuerOf({ oidcIssuer }: ServerConfig): URL {
  const url = URL.canParse(oidcIssuer) ? new URL(oidcIssuer) : undefined;
  // OpenID Connect Discovery §3: no query, no fragment.
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '')
    throw invalid('oidcIssuer', { en: 'is no issuer', zh: '不是有效的 issuer' });
  // Whoever is on the way would say who signs in.
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    const problem = { en: 'is plain HTTP to another host', zh: '为发往其他主机的明文 HTTP' };
    throw invalid('oidcIssuer', problem);
  }
  return url;
}

function secretOf(file: string): string {
  const secret = readSecretFile(file).trim();
  if (secret === '') throw invalid('oidcClientSecretFile', { en: 'is an empty file', zh: '文件为空' });
  return secret;
}

function invalid(key: string, problem: Bilingual): LicenseError {
  return new LicenseError('config_invalid', { file: 'server.toml', key, problem });
}
