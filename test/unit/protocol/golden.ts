/**
 * Lines and what the reference implementation (Rust: serde 1.0, serde_json 1.0, the protocol's own types) made of them when they
 * were read and written again. `written: undefined`: it refused the line.
 */
export interface Golden {
  readonly read: string;
  readonly written?: string;
  /** Field that our error must name. */
  readonly field?: string;
}

const envelope = '"seq":41,"run_id":"fleet-9f00aa17","worker_id":"w-3","task_id":"api","timestamp":"2026-05-04T08:15:30Z"';
const line = (rest: string): string => `{${envelope},${rest}}`;
const same = (rest: string): Golden => ({ read: line(rest), written: line(rest) });

export const golden: readonly Golden[] = [
  same('"state":"queued"'),
  same('"state":"starting"'),
  same('"state":"running"'),
  same('"state":"leased","lease_expires_at":"2026-05-04T08:20:30Z"'),
  same('"state":"model_wait","model":"small-1"'),
  same('"state":"running_tool","tool":"npm test","call_id":"c-5"'),
  same('"state":"heartbeat","cpu_percent":12.5,"memory_mb":640'),
  same('"state":"artifact","kind":"coverage.xml","path":"out/with space.xml","checksum":"sha256:ab","mime_type":"application/xml","size_bytes":77'),
  same('"state":"completed","exit_code":-1,"summary":"3 of 3"'),
  same('"state":"cancelled","cancelled_by":"you"'),
  same('"state":"interrupted","signal":"SIGINT"'),
  same('"state":"stale"'),
  same('"state":"escalated","channel":"team","alert_id":"a-1"'),
  // An empty extra disappears; null is refused.
  { read: line('"state":"queued","extra":{}'), written: line('"state":"queued"') },
  { read: line('"state":"queued","extra":null'), field: 'extra' },
  // Null is absent where a field may be left out, and refused where it has a default.
  { read: line('"state":"leased","lease_expires_at":null'), written: line('"state":"leased"') },
  { read: line('"state":"heartbeat","cpu_percent":null,"memory_mb":null'), written: line('"state":"heartbeat"') },
  { read: line('"state":"failed","reason":"no disk"'), written: line('"state":"failed","reason":"no disk","recoverable":false') },
  { read: line('"state":"failed","reason":"no disk","recoverable":null'), field: 'recoverable' },
  { read: line('"state":"restarted"'), written: line('"state":"restarted","restart_count":0') },
  // An unknown size is written as null.
  {
    read: line('"state":"artifact","path":"a.md","kind":"report"'),
    written: line('"state":"artifact","kind":"report","path":"a.md","size_bytes":null'),
  },
  // A 32-bit float keeps its fraction and loses surplus digits.
  { read: line('"state":"heartbeat","cpu_percent":12'), written: line('"state":"heartbeat","cpu_percent":12.0') },
  { read: line('"state":"heartbeat","cpu_percent":33.333333333333336'), written: line('"state":"heartbeat","cpu_percent":33.333332') },
  { read: line('"state":"heartbeat","cpu_percent":1e-7'), written: line('"state":"heartbeat","cpu_percent":1e-7') },
  { read: line('"state":"heartbeat","cpu_percent":123456789'), written: line('"state":"heartbeat","cpu_percent":123456790.0') },
  { read: line('"state":"heartbeat","cpu_percent":-2812003.25'), written: line('"state":"heartbeat","cpu_percent":-2812003.2') },
  { read: line('"state":"heartbeat","cpu_percent":1e13'), written: line('"state":"heartbeat","cpu_percent":1e13') },
  // Keys of extra are ordered by code point, at every depth; escapes are the short ones.
  {
    read: line('"state":"running","extra":{"b":{"z":1,"a":[2,null,true]},"a":"é\\u2028\\u001b/\\"","B":1}'),
    written: line('"state":"running","extra":{"B":1,"a":"é\u2028\\u001b/\\"","b":{"a":[2,null,true],"z":1}}'),
  },
  { read: line('"state":"queued","extra":{"😀":2,"\uffff":1}'), written: line('"state":"queued","extra":{"\uffff":1,"😀":2}') },
  // Any order of fields is read.
  { read: `{"extra":{"k":1},"state":"running",${envelope}}`, written: line('"state":"running","extra":{"k":1}') },
  // Refused.
  { read: line('"state":"artifact","path":"a.md"'), field: 'kind' },
  { read: line('"state":"failed"'), field: 'reason' },
  { read: line('"state":"heartbeat","memory_mb":1.5'), field: 'memory_mb' },
  { read: line('"state":"completed","exit_code":3000000000'), field: 'exit_code' },
  { read: line('"state":"restarted","restart_count":-1'), field: 'restart_count' },
  { read: line('"state":"paused"'), field: 'state' },
  { read: `{${envelope}}`, field: 'state' },
  { read: line('"state":"queued"').replace('"seq":41,', ''), field: 'seq' },
  { read: line('"state":"queued"').replace('41', '-41'), field: 'seq' },
  { read: line('"state":"queued"').replace('"w-3"', '3'), field: 'worker_id' },
];
