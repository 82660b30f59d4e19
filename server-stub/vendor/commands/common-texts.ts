/** Help texts that several commands share. */
export const commonTexts = {
  en: {
    dir: "the vendor's folder",
    passphraseFile: 'its first line is the passphrase; else LICENSE_VENDOR_PASSPHRASE, else asked for',
  },
  zh: {
    dir: '厂商目录',
    passphraseFile: '口令文件，取第一行；否则使用 LICENSE_VENDOR_PASSPHRASE，否则提示输入',
  },
};
