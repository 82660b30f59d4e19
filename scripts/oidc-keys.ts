/** The Chinese texts of the keys `oidc…` of the server; the English ones stand in its schema. */
export const oidcKeysZh: Readonly<Record<string, string>> = {
  oidcIssuer:
    '可用于登录控制台的统一身份认证服务（OpenID Connect）：其 issuer `https://…`，须与该服务自称的完全一致；http:// 仅限本机。为空则只能使用密码。',
  oidcClientId: '本服务器在该服务中登记的客户端标识；设置 `oidcIssuer` 时必填。',
  oidcClientSecretFile: '保存客户端密钥的文件（0600）；为空表示公开客户端，仅由 PKCE 保护。',
  oidcName: '登录页按钮上显示的服务名称。',
  oidcConsoleUrl:
    '浏览器打开控制台所用的本服务器地址，如 `https://licenses.example.edu`；位于代理之后时必填。为空则采用浏览器所访问的地址。',
  oidcScope: '向该服务请求的范围；下列声明须包含在内。',
  oidcNameClaim: '保存用户名的声明；`email` 仅在该服务说明已验证时有效。',
  oidcRoleClaim: '保存用户组的声明：一个文本，或文本列表。',
  oidcRoles:
    '各用户组成员的权限：表 `[[oidcRoles]]`，见下文；以第一个符合的为准。为空则只有管理员添加过的用户可以登录。',
  oidcCaFile: '对该服务信任的颁发机构 PEM 文件，取代本机信任的颁发机构。',
};

/** The Chinese texts of the keys of a table `[[oidcRoles]]`. */
export const oidcRoleKeysZh: Readonly<Record<string, string>> = {
  group: '用户组，与声明 `oidcRoleClaim` 中的写法一致。',
  role: '其成员在控制台中的角色。',
  cid: '其成员只能看到的一个企业；未设置则为全部。不可与 `admin` 同用。',
};
