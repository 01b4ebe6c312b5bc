/**
 * What the engine says about problems, in Chinese. The engine tells each problem by a stable code and in English
 * words that name the place; here a code leads to patterns of those words. Names of nodes, fields and files stay as
 * they are, and whatever no pattern knows is shown as the engine said it.
 */
import { type Rule, wordRules } from './field-problems-zh.ts';

const quoted = String.raw`("(?:[^"\\]|\\.)*"…?|nothing|[\w.+-]+…?)`;
const rule = (pattern: string, text: string): Rule => [new RegExp(`^${pattern}$`, 's'), text];

const unknownNode = [
  rule(
    `Edge (\\d+) names ${quoted} as its source, and there is no such node\\.`,
    '第 $1 条连线的起点 $2 不存在。',
  ),
  rule(
    `Edge (\\d+) names ${quoted} as its target, and there is no such node\\.`,
    '第 $1 条连线的终点 $2 不存在。',
  ),
  rule(`The inputs name ${quoted}, and there is no such node\\.`, '初始数据提到的节点 $1 不存在。'),
  rule(`There is no node ${quoted}\\.`, '没有名为 $1 的节点。'),
];
const unknownPort = [
  rule(
    `Edge (\\d+) must say which port of ${quoted} it leaves: the ports? (.+)\\.`,
    '第 $1 条连线须指明从 $2 的哪个端口出发：$3。',
  ),
  rule(
    `Edge (\\d+) leaves port ${quoted} of ${quoted}, which has the ports? (.+)\\.`,
    '第 $1 条连线从 $3 的端口 $2 出发，而该节点只有 $4。',
  ),
  rule(
    `Edge (\\d+) leaves port ${quoted} of ${quoted}, which has no such ports\\.`,
    '第 $1 条连线从 $3 的端口 $2 出发，而该节点没有输出端口。',
  ),
  rule(
    `Edge (\\d+) leads to port ${quoted} of ${quoted}, which has the ports? (.+)\\.`,
    '第 $1 条连线通往 $3 的端口 $2，而该节点只有 $4。',
  ),
  rule(
    `Edge (\\d+) leads to(?: port .+ of)? ${quoted}, which has no such ports\\.`,
    '第 $1 条连线通往 $2，而该节点没有输入端口。',
  ),
  rule(`The function has to give one of (.+), but it gave (.+)\\.`, '函数须返回 $1 之一，却返回了 $2。'),
  rule(`There is no port ${quoted}; this node has (.+)\\.`, '没有端口 $1；该节点有 $2。'),
];
const json = [
  rule('It is larger than the limit of (\\d+) bytes\\.', '超过了 $1 字节的上限。'),
  rule('The body is larger than the limit of (\\d+) bytes\\.', '内容超过了 $1 字节的上限。'),
  rule('Not JSON: it is not UTF-8 text\\.', '不是 JSON：不是 UTF-8 文本。'),
  rule('Not JSON: (.+) at line (\\d+), column (\\d+)\\.', '不是 JSON：第 $2 行第 $3 列有误（$1）。'),
  rule(
    'Nested more than (\\d+) levels deep at line (\\d+), column (\\d+)\\.',
    '第 $2 行第 $3 列的嵌套超过 $1 层。',
  ),
  rule('The value is nested too deeply to be written as JSON\\.', '该值嵌套过深，无法写成 JSON。'),
  rule(
    'The result cannot leave its worker, since it is nested more than (\\d+) levels deep\\.',
    '结果的嵌套超过 $1 层，不能传出。',
  ),
];

/** By code; `undefined` as pattern takes any words. */
export const rules: Record<string, readonly Rule[]> = {
  // Graphs
  not_a_graph: [[undefined, '这不是图：应为一个对象。']],
  unknown_format: [
    rule(
      `This is not a graph: "format" must be "([^"]+)", not (.+)\\.`,
      '这不是图：“format” 应为 "$1"，而不是 $2。',
    ),
  ],
  newer_version: [
    rule(
      'This graph has format version (\\d+); this Handloom reads version (\\d+)\\..*',
      '此图的格式版本为 $1，当前 Handloom 只能读取版本 $2，请升级。',
    ),
  ],
  unknown_version: [rule('"version" must be (\\d+), not (.+)\\.', '“version” 应为 $1，而不是 $2。')],
  duplicate_node_id: [rule(`Two nodes have the id (.+)\\.`, '有两个节点的标识都是 $1。')],
  unknown_node_type: [
    rule(`Node ${quoted} has the unknown type (.+)\\.`, '节点 $1 的类型 $2 未知。'),
    rule(`(?:H|h)as the unknown type (.+)\\.`, '类型 $1 未知。'),
    rule('There is no node type (.+)\\.', '没有节点类型 $1。'),
  ],
  unknown_node: unknownNode,
  unknown_port: unknownPort,
  node_id_clash: [
    rule(
      `The id (.+) is that of a node and of one within a subgraph\\.`,
      '标识 $1 同时属于一个节点和子图中的一个节点。',
    ),
  ],
  subgraph_no_entry: [
    rule('no value can come in, since it has no nodes\\.', '其中没有节点，值无法进入。'),
    rule(
      'no value can come in, since an edge leads to each of its nodes\\.',
      '其中每个节点都已有连线指向，值无法进入。',
    ),
  ],
  from_within_cycle: [
    rule(
      `A run cannot begin at ${quoted}, since what it gives comes back to the subgraph ${quoted} around it: begin there\\.`,
      '不能从 $1 开始运行，因为它的结果会回到包含它的子图 $2；请从该子图开始。',
    ),
  ],
  unknown_field: [
    rule(
      `(\\S+) is none of a policy's fields, and has no effect\\.`,
      '运行方式中没有 “$1” 这一项，它不起作用。',
    ),
    rule('(\\S+) is none of the settings, and has no effect\\.', '设置中没有 “$1” 这一项，它不起作用。'),
    rule('(\\S+) is none of the fields of (\\S+), and has no effect\\.', '$2 没有 “$1” 这一项，它不起作用。'),
  ],
  policy_without_effect: [
    rule(
      `policy\\.(\\S+) has no effect on a subgraph; the nodes within it have policies of their own\\.`,
      '“$1” 对子图不起作用；其中的节点各有自己的运行方式。',
    ),
  ],
  subgraph_too_deep: [rule('graphs lie within each other more than (\\d+) deep\\.', '图的嵌套超过 $1 层。')],
  staged_cycle: [
    rule(
      'A staged schedule needs a graph without cycles; (.+) form one\\.',
      '逐层运行要求图中没有环；$1 构成了一个环。',
    ),
  ],
  source_ambiguous: [[undefined, '列表和函数只能给出其一。']],
  // Code, expressions, SQL
  code_empty: [[undefined, '还没有代码。请写一个函数，例如 (x) => x * 2。']],
  code_too_large: [rule('The code is longer than (\\d+) characters\\.', '代码超过 $1 个字符。')],
  code_syntax: [
    rule('The code is nested too deeply', '代码嵌套过深'),
    rule('Unexpected token', '此处有意外的符号'),
    rule('Unterminated (.+)', '$1 没有结束'),
    rule(`Identifier '(.+)' has already been declared`, '“$1” 已经声明过'),
    [/^(.+)$/s, '语法错误：$1'],
  ],
  code_not_a_function: [
    rule(
      'The code has to be a function.*',
      '代码须是一个函数，例如 (x) => x * 2，或带有 export default 的模块。',
    ),
    rule('The code gives (.+), not a function\\.', '代码给出的是 $1，而不是函数。'),
    rule('(.+) is not a function\\..*', '$1 不是函数。请写一个函数，例如 (x) => x * 2。'),
  ],
  import_not_allowed: [[undefined, '节点中的代码不能导入模块；可用的一切都通过 ctx 提供。']],
  top_level_await: [[undefined, 'await 只能在函数内使用。请把函数写成 async，在其中 await。']],
  expression_empty: [[undefined, '还没有表达式。请写一个，例如 x^2 + 1。']],
  expression_refused: [
    rule('The expression is nested too deeply\\.', '表达式嵌套过深。'),
    [/^(.+)$/s, '表达式不被允许：$1'],
  ],
  expression_syntax: [[/^(.+)$/s, '表达式有语法错误：$1']],
  sql_empty: [[undefined, '还没有可运行的 SQL。']],
  sql_not_a_query: [
    rule(
      `The statement starts with (.+); it must give rows, as .+`,
      '语句以 $1 开头；它须返回数据行，例如 SELECT、WITH、FROM、VALUES。',
    ),
    rule('There is more than one statement; one is allowed\\.', '只允许一条语句。'),
  ],
  sql_broken: [
    rule('A closing parenthesis has no opening one\\.', '右括号没有对应的左括号。'),
    rule('An opening parenthesis has no closing one\\.', '左括号没有对应的右括号。'),
    rule('A quotation mark is never closed\\.', '引号没有闭合。'),
    rule('A quotation is never closed\\.', '引用没有闭合。'),
    rule('A comment is never closed\\.', '注释没有闭合。'),
  ],
  sql_error: [[/^(.+)$/s, 'SQL 出错：$1']],
  duckdb_failed: [rule('DuckDB cannot be started: (.+)', '无法启动 DuckDB：$1')],
  table_not_found: [rule('The table (.+) is not kept here any more\\.', '表格 $1 已不在此处。')],
  table_without_columns: [[undefined, '该表格没有列，无从查询。']],
  // Files
  file_not_found: [
    rule(`There is no file ${quoted} in the workspace\\.`, '工作区中没有文件 $1。'),
    rule(`There is no file "(.+)"\\.`, '没有文件 "$1"。'),
  ],
  path_conflict: [rule(`${quoted} cannot be written: .+`, '无法写入 $1：会有同名的文件和文件夹。')],
  path_refused: [rule(`The path ${quoted} is refused: (.+)\\.`, '路径 $1 不被接受：$2。')],
  file_read_only: [
    rule(
      `${quoted} is a sample, and samples cannot be changed\\. .+`,
      '$1 是示例数据，不能更改。请选择其他路径。',
    ),
  ],
  file_failed: [
    rule(`The sample ${quoted} could not be loaded \\(status (\\d+)\\)\\.`, '无法加载示例 $1（状态 $2）。'),
    rule(`${quoted}: the system reports (.+)\\.`, '$1：系统报告 $2。'),
  ],
  file_refused: [rule(`The system does not permit access to ${quoted}\\.`, '系统不允许访问 $1。')],
  files_full: [rule(`There is no room left to write ${quoted}\\.`, '没有空间写入 $1。')],
  file_broken: [
    rule('(.+) is empty\\.', '$1 是空的。'),
    rule('(.+?), line (\\d+): (.+)', '$1 第 $2 行无法读取：$3'),
    rule('(.+?): (.+)', '$1 无法读取：$2'),
  ],
  format_unknown: [
    rule('(.+): its name does not tell a format; .+', '$1：从名称看不出格式，请选择 CSV、JSON 或 Parquet。'),
  ],
  not_text: [rule('(.+) is not UTF-8 text\\.', '$1 不是 UTF-8 文本。')],
  // Tasks
  queue_timeout: [
    rule(
      'The task waited for its turn longer than its limit of (.+) ms\\.',
      '任务等待超过了 $1 毫秒的时限。',
    ),
  ],
  task_timeout: [
    rule('The task took longer than its limit of ([\\d.]+) ms\\.', '任务超过了 $1 毫秒的时限。'),
  ],
  worker_died: [
    rule(
      'The worker ended while the task ran: it ran out of memory \\(limit (\\d+) MB\\)',
      '任务运行时工作线程结束了：内存不足（上限 $1 MB）。',
    ),
    rule(
      'The worker ended while the task ran: it exited with code (\\d+)',
      '任务运行时工作线程结束了：它以代码 $1 退出。',
    ),
    rule(
      'The worker ended while the task ran: it was ended by (\\w+)',
      '任务运行时工作线程结束了：它被 $1 终止。',
    ),
    rule('The worker ended while the task ran: (.+)', '任务运行时工作线程结束了：$1'),
  ],
  close_refused: [
    rule(
      'A task cannot close the worker it runs in, .+',
      '任务不能关闭它所在的工作线程，其他任务也在其中运行。',
    ),
  ],
  load_timeout: [
    rule(
      'The code of this node was not ready to run within ([\\d.]+) s\\.',
      '此节点的代码在 $1 秒内未能就绪。',
    ),
  ],
  not_cacheable: [
    rule(
      'Results of (\\S+) cannot be kept for later runs, since they depend on more than the payload\\.',
      '$1 的结果不仅取决于输入数据，不能留给以后的运行使用。',
    ),
  ],
  payload_missing: [rule('A stored payload is missing: (.+)\\.', '缺少已存储的数据：$1。')],
  not_cloneable: [
    rule(
      'The result cannot leave its worker, since it holds something that cannot be copied: (.+)\\.',
      '结果中有无法复制的内容，不能传出：$1。',
    ),
  ],
  bad_value: [
    rule('The value(?: at (.+?))? is not typed JSON: (.+)\\.', '$1 处的值不是有效的带类型 JSON：$2。'),
  ],
  too_many_results: [
    rule(
      'One task gave more than (\\d+) MB of results, which is the most it may give; perhaps it never ends\\.',
      '一个任务给出的结果超过了上限 $1 MB，也许它永远不会结束。',
    ),
    rule(
      'One task gave more than (\\d+) results, which is the most it may give; perhaps it never ends\\.',
      '一个任务给出的结果超过了上限 $1 个，也许它永远不会结束。',
    ),
  ],
  fetch_refused: [
    rule(
      `This graph may not fetch from (.+?)\\. Only http and https addresses can be fetched\\.`,
      '此图不得从 $1 获取数据：只能访问 http 和 https 地址。',
    ),
    rule(
      `This graph may not fetch from (.+)\\. Add .+`,
      '此图不得访问 $1。如需允许，请在图的设置中把它加入“节点可访问的主机”。',
    ),
    rule(
      '(.+) redirects, and a browser does not tell where to\\..+',
      '$1 会跳转，而浏览器不透露去向。请使用最终地址，或允许访问任意主机（*）。',
    ),
  ],
  context_closed: [
    rule('The task has ended; .+', '任务已结束，其 ctx 不能再用。'),
    rule('The run has ended; .+', '运行已结束，其 ctx 不能再用。'),
  ],
  cancelled: [[undefined, '运行已取消。']],
  // Runs, graphs and the engine
  run_ended: [rule('The run has ended already: (.+)\\.', '运行已经结束。')],
  run_live: [
    rule('The run has not ended: .+', '运行尚未结束，请先取消。'),
    rule('The run is under way in another process: (.+)\\.', '运行正在另一个进程中进行：$1。'),
    rule('The run is under way\\.', '运行正在进行。'),
  ],
  run_not_live: [
    rule('The run is not under way, since its host has ended: resume it\\.', '运行已中断，请先继续运行。'),
  ],
  retention_fixed: [
    rule(
      'What is kept was said when this host was started: .+',
      '保留范围在启动此服务时已指定，如需更改请重新启动。',
    ),
  ],
  payloads_dropped: [
    rule(
      `What was delivered to ${quoted} in the run (\\S+) is no longer kept, .+`,
      '运行 $2 中到达 $1 的数据已不再保留，因为该节点只保留失败任务的数据；请从它之前的节点开始。',
    ),
  ],
  nothing_delivered: [
    rule(`Nothing was delivered to ${quoted} in the run (.+)\\.`, '在运行 $2 中，没有任务到达 $1。'),
  ],
  run_not_found: [rule(`There is no run ${quoted}\\.`, '没有运行 $1。')],
  graph_not_found: [rule(`There is no graph ${quoted}\\.`, '没有图 $1。')],
  task_not_found: [rule(`There is no task ${quoted}\\.`, '没有任务 $1。')],
  graph_damaged: [[/^The stored graph (.+) is damaged\.$/, '保存的图 $1 已损坏。']],
  bad_cursor: [[undefined, '列表的位置已失效，请重新载入。']],
  internal_error: [[undefined, 'Handloom 内部出错，详见其日志。']],
  no_engine: [[undefined, '没有打开的 Handloom 页面，因此没有引擎可以回答。']],
  engine_lost: [[undefined, '引擎已离开，请求未能完成。']],
  engine_crashed: [
    rule('The engine ended unexpectedly: (.+)\\. It is started again\\.', '引擎意外结束：$1。正在重新启动。'),
    [undefined, '引擎意外结束，正在重新启动。'],
  ],
  insecure_context: [
    [
      undefined,
      '浏览器只允许 https 或 localhost 上的应用保存数据并在后台工作。请在这样的地址打开 Handloom。',
    ],
  ],
  compiler_missing: [[undefined, '无法加载代码编译器。']],
  store_full: [[undefined, '没有空间保存数据。']],
  store_busy: [[undefined, '存储正忙，请稍后再试。']],
  store_closed: [[undefined, '存储已关闭。']],
  starting: [rule('Handloom is starting\\.', 'Handloom 正在启动。')],
  store_failed: [rule('The store failed: (.+)', '存储出错：$1')],
  chunk_damaged: [
    rule(
      'The journal of run (.+) is damaged in the chunk from entry (\\d+) on\\.',
      '运行 $1 的日志从第 $2 条记录起的一段已损坏。',
    ),
    rule(
      'The journal of run (.+) lacks its chunk from entry (\\d+) on\\.',
      '运行 $1 的日志缺少从第 $2 条记录起的一段。',
    ),
  ],
  journal_newer: [
    rule(
      'The journal of run (.+) was written by a newer version .+',
      '运行 $1 的日志来自更新版本的 Handloom。',
    ),
  ],
  host_died: [
    rule(
      'The host ended (\\d+) times while only this task ran\\.',
      '仅此任务在运行时，宿主已意外结束 $1 次。',
    ),
  ],
  // Why a run stands as it does
  run_reason: [
    rule(
      'The run waits for its store: There is no room left .+',
      '没有空间保存数据，运行正在等待，有空间后会自动继续。',
    ),
    rule('The run waits for its store: Another process .+', '存储正忙，运行正在等待，稍后会自动继续。'),
    rule('The run waits for its store: (.+)', '存储暂不可用，运行正在等待，稍后会自动继续：$1'),
    rule('The run is kept by another process now\\.', '此运行现由另一个进程负责。'),
    rule('The engine failed: (.+)', '引擎内部出错：$1'),
    rule('The store failed: (.+)', '存储出错：$1'),
    rule(
      'The run could not be resumed: The journal of run .+ is damaged in the chunk from entry (\\d+) on\\.',
      '运行无法继续：其日志从第 $1 条记录起的一段已损坏。',
    ),
    rule('The run could not be resumed: (.+)', '运行无法继续：$1'),
    rule('What the run (.+) was given could not be read: (.+)', '无法读取运行 $1 收到的数据：$2'),
    rule(`The join ${quoted} would give more than (\\d+) rows\\.`, '连接节点 $1 会给出超过 $2 行。'),
  ],
  store_newer: [[undefined, '保存的数据来自更新的版本。']],
  value_not_storable: [rule('A value of kind (.+) cannot be stored\\.', '无法保存类型为 $1 的值。')],
  value_damaged: [[undefined, '保存的值已损坏。']],
  forbidden_host: [rule('This server does not answer to the name (.+)\\.', '此服务器不以 $1 之名应答。')],
  forbidden_origin: [[undefined, '其他来源的页面不得更改这里的内容。']],
  body_too_large: json,
  not_json: json,
  too_deep: json,
  forbidden_key: [rule('The key (.+) is not allowed\\.', '不允许使用键 $1。')],
  // Fields
  invalid_params: wordRules,
  invalid_field: wordRules,
  invalid_body: wordRules,
  invalid_parameter: wordRules,
  unknown_mode: wordRules,
};

/** A problem in Chinese; `undefined` where nothing here knows it. */
export function sayProblem(code: string | undefined, message: string): string | undefined {
  const many = /^(.*) \(and (\d+) more\)$/s.exec(message);
  if (many) return `${sayProblem(code, many[1] ?? '') ?? many[1]}（另有 ${many[2]} 处）`;
  const things = /^(\d+) things are wrong: (.*) …$/s.exec(message);
  if (things) return `有 ${things[1]} 处问题：${sayProblem(code, things[2] ?? '') ?? things[2]} …`;
  const within = /^In ("(?:[^"\\]|\\.)*"): (.*)$/s.exec(message);
  if (within) return `在 ${within[1]} 中：${sayProblem(code, within[2] ?? '') ?? within[2]}`;
  const node = /^Node ("(?:[^"\\]|\\.)*"|[^\s,:]+)(?:, ([^:]*))?: (.*)$/s.exec(message);
  if (node) {
    const at = node[2]?.replace(/(?:, )?line (\d+)$/, (_, line) => `第 ${line} 行`);
    return `节点 ${node[1]}${at ? `（${at}）` : ''}：${say(code, node[3] ?? '') ?? node[3]}`;
  }
  const whole = say(code, message);
  if (whole !== undefined) return whole;
  const field = /^([\w$.[\]-]+): (.*)$/s.exec(message);
  const inner = field && say(code, field[2] ?? '');
  return field && inner ? `${field[1]}：${inner}` : undefined;
}

function say(code: string | undefined, message: string): string | undefined {
  const found = code === undefined ? undefined : rules[code];
  // Several things wrong at once have a code of their own: the first of them tells which rules fit.
  const candidates = code === 'invalid_graph' ? Object.values(rules).flatMap(precise) : (found ?? []);
  const place = / \((?:line (\d+)(?:, column (\d+))?|at ([^()]+))\)$/.exec(message);
  const bare = place ? message.slice(0, place.index) : message;
  for (const [pattern, text] of candidates) {
    const match = pattern ? pattern.exec(bare) : [bare];
    if (!match) continue;
    const said = text.replace(/\$(\d)/g, (_, group) => match[Number(group)] ?? '');
    return place ? `${said.replace(/。$/, '')}（${placeText(place)}）` : said;
  }
  return undefined;
}

const precise = (list: readonly Rule[]): Rule[] =>
  list.filter(([pattern]) => pattern !== undefined && pattern.source !== '^(.+)$');

function placeText([, line, column, path]: RegExpExecArray): string {
  if (path) return `位置：${path}`;
  return column ? `第 ${line} 行第 ${column} 列` : `第 ${line} 行`;
}
