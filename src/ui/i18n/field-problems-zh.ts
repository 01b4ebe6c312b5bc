/** What the schema library says about a field that does not fit, in Chinese. */

/** Words of the engine, and what to say instead; `$1` is the first group. Without a pattern any words fit. */
export type Rule = readonly [pattern: RegExp | undefined, text: string];

const kinds: Record<string, string> = {
  string: '文本',
  number: '数字',
  int: '整数',
  boolean: '是/否',
  array: '列表',
  object: '对象',
  record: '对象',
  null: '空值',
};

const kind = Object.keys(kinds).join('|');
const perKind = (make: (name: string, chinese: string) => Rule): Rule[] =>
  Object.entries(kinds).map(([name, chinese]) => make(name, chinese));

export const wordRules: readonly Rule[] = [
  ...perKind((name, chinese) => [
    new RegExp(`^(?:Invalid input: )?expected ${name}(?:, received undefined|, and it is missing)$`, 'i'),
    `缺少该项，应为${chinese}`,
  ]),
  ...perKind((name, chinese) => [
    new RegExp(`^(?:Invalid input: )?expected ${name}, received (.+)$`, 'i'),
    `应为${chinese}，而不是 $1`,
  ]),
  [/^(?:Invalid input: )?expected (.+), and it is missing$/i, '缺少该项，应为 $1'],
  [/^Invalid option: expected one of (.+)$/, '应为以下之一：$1'],
  [/^(?:Invalid input: )?expected (".*"|\S+)$/i, '应为 $1'],
  [/^Too small: expected string to have >=1 characters$/, '不能为空'],
  [/^Too small: expected string to have >=(\d+) characters$/, '至少需要 $1 个字符'],
  [/^Too big: expected string to have <=(\d+) characters$/, '最多 $1 个字符'],
  [/^Too small: expected array to have >=(\d+) items$/, '至少需要 $1 项'],
  [/^Too big: expected array to have <=(\d+) items$/, '最多 $1 项'],
  [new RegExp(`^Too small: expected (?:${kind}) to be >=(\\S+)$`), '不能小于 $1'],
  [new RegExp(`^Too small: expected (?:${kind}) to be >(\\S+)$`), '须大于 $1'],
  [new RegExp(`^Too big: expected (?:${kind}) to be <=(\\S+)$`), '不能大于 $1'],
  [new RegExp(`^Too big: expected (?:${kind}) to be <(\\S+)$`), '须小于 $1'],
  [/^Invalid string: must match pattern (.+)$/, '须符合格式 $1'],
  [/^Invalid (url|URL)$/, '不是有效的网址'],
  [/^Unrecognized keys?: (.+)$/, '无法识别的项：$1'],
  [/^There is no field (.+)\.$/, '没有 $1 这一项。'],
  [/^Last-Event-ID must be a sequence number\.$/, 'Last-Event-ID 须为序号。'],
  [/^(?:Invalid input|Invalid value)$/i, '该值不合要求'],
];
