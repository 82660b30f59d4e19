import type { Bilingual } from '../errors.ts';

/** The `code` of a Node system error, such as `ENOENT`. */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}

/** The short reason of a failed system call or connection, for a message. */
export function reasonOf(cause: unknown): Bilingual {
  const code = codeOf(cause) ?? '';
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (cause instanceof Error && cause.name === 'TimeoutError') return TIMEOUT;
  if (cause instanceof Error && cause.name === 'AbortError') return { en: 'it was ended', zh: '已中止' };
  if (code.startsWith('ERR_SSL_')) return { en: 'TLS fails', zh: 'TLS 连接失败' };
  return asQuoted(cause instanceof Error ? cause.message : String(cause));
}

/** Words of another program, which has them in English alone: quoted, so that a Chinese reader sees whose they are. */
export function asQuoted(text: string): Bilingual {
  return { en: text, zh: `“${text}”` };
}

const DENIED: Bilingual = { en: 'permission denied', zh: '权限不足' };
const IN_USE: Bilingual = { en: 'it is in use', zh: '正被占用' };
const TOO_MANY_FILES: Bilingual = { en: 'too many files are open', zh: '打开的文件过多' };
const TIMEOUT: Bilingual = { en: 'timeout', zh: '超时' };
const CLOSED: Bilingual = { en: 'the connection was closed', zh: '连接被关闭' };
const UNTRUSTED: Bilingual = {
  en: 'its certificate is under an authority that is not trusted here',
  zh: '签发对方证书的颁发机构不受信任',
};

const REASONS: Readonly<Record<string, Bilingual>> = {
  ENOENT: { en: 'it does not exist', zh: '不存在' },
  EACCES: DENIED,
  EPERM: DENIED,
  EEXIST: { en: 'it exists already', zh: '已存在' },
  EISDIR: { en: 'it is a folder', zh: '是目录，不是文件' },
  ENOTDIR: { en: 'a part of its path is no folder', zh: '路径中有一部分不是目录' },
  ENOTEMPTY: { en: 'the folder is not empty', zh: '目录不为空' },
  ELOOP: { en: 'its links lead in a circle', zh: '符号链接形成循环' },
  ENAMETOOLONG: { en: 'its name is too long', zh: '名称过长' },
  ENOSPC: { en: 'the disk is full', zh: '磁盘已满' },
  EDQUOT: { en: 'the disk quota is used up', zh: '磁盘配额已用完' },
  EFBIG: { en: 'it is too large', zh: '文件过大' },
  EROFS: { en: 'the disk is read-only', zh: '磁盘为只读' },
  EIO: { en: 'the disk fails', zh: '磁盘读写错误' },
  EBUSY: IN_USE,
  ETXTBSY: IN_USE,
  EINVAL: { en: 'the system does not take it', zh: '系统不接受' },
  ENOTSUP: { en: 'the system cannot do this', zh: '系统不支持此操作' },
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  ENOMEM: { en: 'memory is used up', zh: '内存不足' },

  EADDRINUSE: { en: 'the address is in use', zh: '地址已被占用' },
  EADDRNOTAVAIL: { en: 'this machine does not have that address', zh: '本机没有该地址' },
  EAFNOSUPPORT: { en: 'this machine has no network of that kind', zh: '本机不支持该类网络' },
  ECONNREFUSED: { en: 'the connection was refused', zh: '连接被拒绝' },
  ECONNRESET: CLOSED,
  ECONNABORTED: CLOSED,
  EPIPE: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  ETIMEDOUT: TIMEOUT,
  UND_ERR_CONNECT_TIMEOUT: TIMEOUT,
  UND_ERR_HEADERS_TIMEOUT: TIMEOUT,
  UND_ERR_BODY_TIMEOUT: TIMEOUT,
  EHOSTUNREACH: { en: 'there is no way to the host', zh: '无法到达主机' },
  EHOSTDOWN: { en: 'the host is down', zh: '主机未运行' },
  ENETUNREACH: { en: 'there is no way to the network', zh: '无法到达网络' },
  ENETDOWN: { en: 'the network is down', zh: '网络未连接' },
  ENOTFOUND: { en: 'the host name is unknown', zh: '主机名不存在' },
  EAI_AGAIN: { en: 'the host name cannot be looked up now', zh: '暂时无法解析主机名' },
  ERR_INVALID_URL: { en: 'the address is not a URL', zh: '地址不是有效的 URL' },

  EPROTO: { en: 'TLS fails', zh: 'TLS 连接失败' },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: { en: 'its certificate is not authentic', zh: '对方证书的签名无效' },
  CERT_HAS_EXPIRED: { en: 'its certificate has ended', zh: '对方证书已到期' },
  CERT_NOT_YET_VALID: { en: 'its certificate is not valid yet', zh: '对方证书尚未生效' },
  CERT_REVOKED: { en: 'its certificate was revoked', zh: '对方证书已被吊销' },
  ERR_TLS_CERT_ALTNAME_INVALID: { en: 'its certificate is for another name', zh: '对方证书与主机名不符' },
};
