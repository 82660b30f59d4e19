/** The Chinese texts of the keys of a table `[[alertChannels]]`; the English ones stand in its schema. */
export const alertChannelKeysZh: Readonly<Record<string, string>> = {
  name: '通道名称，用于 `license-server alerts` 与日志；不可重复。',
  kind: 'webhook：发给程序的带签名 JSON（Standard Webhooks）。email 以及企业微信（wecom）、钉钉（dingtalk）、飞书（feishu）群机器人：发给人的消息。',
  events:
    '通知哪些事件；为空表示全部。license.activated（已激活）、license.expiring（即将到期）、license.expired（已到期）、quota.low（额度不足）、renewal.exhausted（续期许可证用尽）、device.unseen（设备失联）、server.certificate_expiring（签发证书即将到期）。',
  cid: '仅限该企业的事件；未设置则为所有企业。',
  language: '给人的消息所用语言。',
  url: '发送地址：`https://…`；email 为 `smtps://user@host:465` 或 `smtp://user@host:587`（STARTTLS）。',
  urlFile: '改由文件（0600）提供 URL：机器人的地址本身就是机密。',
  secret:
    'webhook：签名密钥 `whsec_…`（24 到 64 字节的 base64），必填；更换期间可用空格分隔新旧两个。dingtalk、feishu：机器人的加签密钥（如已启用）。email：SMTP 用户的密码。',
  secretFile: '改由文件（0600）提供密钥。',
  caFile: '信任的颁发机构 PEM 文件，取代本机信任的颁发机构。',
  allowInsecure: '允许以 http:// 或不加密的邮件发往本机以外的主机。',
  from: 'email：发件人地址。',
  to: 'email：收件人地址。',
};
