// A development stand-in for the site's server: the API with a small, energy-conserving park behind it. Not shipped.
//   node dev/mock.mjs [--port 8429] [--speed 60] [--start 2026-07-15T07:30:00Z] [--batteries 2] [--token secret] [--no-wind]
//     [--mark SHADOW] [--static DIR] [--no-users]; users are li.na (operator), wang (administrator), guest (viewer), all with password `mock`
// It also serves the built control room, so that what is committed can be looked at.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const arg = (name, otherwise) => { const i = process.argv.indexOf(`--${name}`); return i < 0 ? otherwise : process.argv[i + 1] }
const SPEED = Number(arg('speed', 60))
const TOKEN = arg('token', 'secret')
const START = Date.parse(arg('start', '2026-07-15T07:30:00Z')) / 1000
const WIND = !process.argv.includes('--no-wind')
const ZONE_S = 8 * 3600
const STATIC = arg('static', new URL('../../src/leyden/web/static', import.meta.url).pathname)
const W = (zh, en) => ({ zh, en })
const iso = (t) => new Date(Math.round(t) * 1000).toISOString().replace('.000Z', 'Z')
const kw = (w) => `${Math.round(Math.abs(w) / 1e3)} kW`

// ---- the park
const B = Array.from({ length: Number(arg('batteries', 1)) }, (_, i) => ({ name: `b${i + 1}`, soc: 0.32 + 0.05 * i, power: 0, charged: 0, discharged: 0, energy: 3.44e6, rated: 1.5e6 }))
const local = (t) => ((t + ZONE_S) % 86400) / 3600
const noise = (t, k) => Math.sin(t / 97 + k) * 0.5 + Math.sin(t / 31 + 2 * k) * 0.3 + Math.sin(t / 13 + 3 * k) * 0.2
const solar = (t) => Math.max(0, 1.9e6 * Math.sin((Math.PI * (local(t) - 5.8)) / 13.2) * (0.86 + 0.14 * noise(t / 6, 1)))
const wind = (t) => (WIND ? 3.5e5 + 1.8e5 * noise(t / 40, 4) : 0)
const load = (t) => { const x = local(t); return 1.1e6 + 2.0e6 / (1 + Math.exp(-(x - 7.6) * 2)) / (1 + Math.exp((x - 20.3) * 1.5)) - 3.5e5 * Math.exp(-((x - 12.4) ** 2) / 0.5) + 6e4 * noise(t / 3, 7) }
const BANDS = [['valley', 0, 8], ['flat', 8, 10], ['peak', 10, 11], ['critical', 11, 12], ['flat', 12, 14], ['peak', 14, 15], ['critical', 15, 17], ['peak', 17, 19], ['flat', 19, 24]]
const PRICE = { valley: 0.2556, flat: 0.6727, peak: 1.1436, critical: 1.4295 }
const NAME = { valley: W('谷', 'Valley'), flat: W('平', 'Flat'), peak: W('峰', 'Peak'), critical: W('尖', 'Critical') }
const price = (t) => PRICE[BANDS.find(([, a, b]) => local(t) >= a && local(t) < b)[0]]
const PLAN = [[0, 1, 0, 0.3], [1, 6, -4e5, 0.9], [6, 10, 0, 0.9], [10, 12, 8e5, 0.42], [12, 14, -6e5, 0.75], [14, 15, 0, 0.75], [15, 17, 9e5, 0.22], [17, 19, 2e5, 0.1], [19, 24, 0, 0.1]]
const planned = (t) => PLAN.find(([a, b]) => local(t) >= a && local(t) < b)[2]
const IMPORT_LIMIT = 2.1e6

let commands = [], faults = [], ids = 0, locks = [], mode = { mark: arg('mark', 'SIMULATED'), since: iso(START - 86400), by: 'li.na' }
const users = new Map(process.argv.includes('--no-users') ? [] : [['li.na', 'operator'], ['wang', 'administrator'], ['guest', 'viewer']].map(([name, role]) => [name, { name, role, enabled: true }]))
const sessions = new Map(), tokens = [{ id: 1, label: 'first start', role: 'administrator', expires: null }], actions = []
const act = (by, what, target, before, after, why, text) => actions.unshift({ id: ++ids, time: iso(t), by, what, target, before, after, why, text })
const lockedOut = () => locks.some((l) => l.target === 'b1' || l.target === 'batteries')
const alarms = []
const today = { import_wh: 0, export_wh: 0, solar_wh: 0, wind_wh: 0, load_wh: 0, charged_wh: 0, discharged_wh: 0, money: 0 }
const record = {}
const silent = (device) => faults.some((f) => f.target === device && f.kind === 'silent')

function wanted(t, net) {
  if (lockedOut()) return ['locks', W('检修挂牌', 'Locks'), 0, W(`${locks[0].by} 挂牌:${locks[0].reason}`, `locked by ${locks[0].by}: ${locks[0].reason}`)]
  const command = commands.find((c) => Date.parse(c.expires) / 1000 > t)
  if (command) return ['manual', W('手动指令', 'Manual command'), command.power_w, W(`操作人 ${command.by}`, `by ${command.by}`)]
  const need = net - IMPORT_LIMIT
  if (need > planned(t)) return ['peak-shaving', W('削峰', 'Peak shaving'), need, W(`站内需求 ${kw(net)},下网限值 ${kw(IMPORT_LIMIT)}`, `net demand ${kw(net)}, import limit ${kw(IMPORT_LIMIT)}`)]
  if (planned(t)) return ['follow-plan', W('跟踪计划', 'Follow plan'), planned(t), W(`计划 ${planned(t) > 0 ? '放电' : '充电'} ${kw(planned(t))}`, `plan says ${planned(t) > 0 ? 'discharge' : 'charge'} ${kw(planned(t))}`)]
  return ['idle', W('待机', 'Nobody asks'), 0, W('无人请求功率', 'nobody asks for power')]
}
let decision = null
function step(t, dt) {
  commands = commands.filter((c) => Date.parse(c.expires) / 1000 > t)
  const net = load(t) - solar(t) - wind(t)
  const [who, label, request, why] = wanted(t, net)
  const rated = B.reduce((a, b) => a + b.rated, 0)
  const soc = B.reduce((a, b) => a + b.soc, 0) / B.length
  let p = Math.max(-rated, Math.min(rated, request)), binds = []
  if (soc <= 0.101 && p > 0) { binds = [{ controller: 'keep-reserve', label: W('保留备用', 'Keep reserve'), text: W(`${B[0].name} 已到备用 10 %`, `${B[0].name} is at its reserve of 10 %`) }]; p = 0 }
  else if (p < 0 && net - p > IMPORT_LIMIT) { p = Math.min(0, net - IMPORT_LIMIT); binds = [{ controller: 'peak-shaving', label: W('削峰', 'Peak shaving'), text: W(`下网限值 ${kw(IMPORT_LIMIT)}`, `import limit ${kw(IMPORT_LIMIT)}`) }] }
  for (const b of B) {
    b.power += (p / B.length - b.power) * Math.min(1, dt / 4)
    const dc = b.power > 0 ? b.power / 0.955 : b.power * 0.955
    b.soc = Math.min(0.95, Math.max(0.05, b.soc - (dc * dt) / 3600 / b.energy))
    b[b.power > 0 ? 'discharged' : 'charged'] += (Math.abs(b.power) * dt) / 3600
  }
  const total = B.reduce((a, b) => a + b.power, 0), grid = net - total, h = dt / 3600
  if (Math.floor((t + ZONE_S) / 86400) !== Math.floor((t - dt + ZONE_S) / 86400)) for (const k in today) today[k] = 0
  today.import_wh += Math.max(0, grid) * h; today.export_wh += Math.max(0, -grid) * h; today.solar_wh += solar(t) * h; today.wind_wh += wind(t) * h; today.load_wh += load(t) * h
  today[total > 0 ? 'discharged_wh' : 'charged_wh'] += Math.abs(total) * h; today.money += (total * h * price(t)) / 1e3
  const verb = total > 5e3 ? W('放电', 'discharging') : total < -5e3 ? W('充电', 'charging') : W('静置', 'idle')
  const size = Math.abs(total) > 5e3 ? ` ${kw(total)}` : ''
  decision = {
    number: Math.round(t), sentence: W(`${verb.zh}${size}:${why.zh}(${label.zh})`, `${verb.en}${size}: ${why.en} (${label.en.toLowerCase()})`), commander: { controller: who, label }, binds,
    setpoints: Object.fromEntries(B.map((b) => [b.name, { power_w: p / B.length, reactive_power_var: 0 }])),
    steps: [
      ...B.map((b) => ({ controller: 'ratings', label: W('额定值', 'Ratings'), target: b.name, text: W(`变流器额定 ${kw(b.rated)}`, `converter rated ${kw(b.rated)}`), min_w: -b.rated, max_w: b.rated, request_w: null, missed_w: 0, taken: false })),
      { controller: 'grid-limit', label: W('并网点限值', 'Grid limit'), target: 'batteries', text: W('下网 4.00 MW,上网 2.00 MW', 'import 4.00 MW, export 2.00 MW'), min_w: net - 4e6, max_w: net + 2e6, request_w: null, missed_w: 0, taken: false },
      { controller: 'keep-reserve', label: W('保留备用', 'Keep reserve'), target: 'batteries', text: W('保留 10 %', 'keep 10 %'), min_w: null, max_w: soc > 0.1 ? rated : 0, request_w: null, missed_w: 0, taken: false },
      { controller: who, label, target: 'batteries', text: why, min_w: null, max_w: null, request_w: request, missed_w: Math.max(0, grid - IMPORT_LIMIT), taken: true },
      { controller: 'self-consumption', label: W('自发自用', 'Self-consumption'), target: 'batteries', text: W('吸收剩余光伏', 'take surplus sun'), min_w: null, max_w: null, request_w: net, missed_w: 0, taken: false },
    ],
  }
  return { t, net, grid }
}

function alarm(key, priority, source, title, text, advice, on, t) {
  const found = alarms.find((a) => a.key === key && !(a.cleared && a.acknowledged))
  if (on && !found) alarms.unshift({ id: ++ids, key, priority, state: 'unack', source, title, text, advice, since: iso(t), cleared: null, acknowledged: null, acknowledged_by: null })
  if (on && found?.cleared) { found.cleared = null; found.state = found.acknowledged ? 'ack' : 'unack' }
  if (!on && found && !found.cleared) { found.cleared = iso(t); found.state = 'rtn_unack' }
}
const open = () => alarms.filter((a) => !(a.cleared && a.acknowledged)).map((a) => ({ ...a })).sort((a, b) => a.priority - b.priority || (a.state > b.state ? -1 : 1))

const open_v = (soc) => 3.0 + 0.32 * Math.min(1, soc * 4) ** 0.6 + 0.02 * soc + 0.12 * Math.max(0, soc - 0.9)
const hash = (i) => { const x = Math.sin(i * 12.9898 + 4.1) * 43758.5453; return x - Math.floor(x) }
const gauss = Array.from({ length: 3840 }, (_, i) => Math.sqrt(-2 * Math.log(hash(i) + 1e-9)) * Math.cos(6.28 * hash(i + 7777)))
function cells(b, soc, power, t) {
  const load_v = -power / b.rated * 0.035, v = [], temp = []
  for (let i = 0; i < 3840; i++) {
    const weak = i === 3 * 384 + 4 * 48 + 30 ? 1 : 0
    v.push(Math.round(1000 * (open_v(soc) + load_v * (1 + 0.05 * gauss[(i * 7) % 3840] + weak * 0.9) + 0.0022 * gauss[i] * (1 + Math.max(0, 0.2 - soc) * 8) - weak * 0.014)))
    const m = Math.floor(i / 48) % 8, rack = Math.floor(i / 384)
    const hot = rack === 6 && m === 2 ? 9 * Math.exp(-(((i % 12) - 6) ** 2) / 8) : 0
    temp.push(Math.round(10 * (26.5 + 0.25 * m + 2.4 * Math.abs(power) / b.rated + 1.2 * Math.sin(((i % 12) / 11) * 3.14) + 0.3 * gauss[(i + 99) % 3840] + hot)))
  }
  return { time: iso(t), t, quality: silent('bms1') ? 'STALE' : 'GOOD', shape: [10, 8, 48], voltage_mv: v, temperature_ddegc: temp, rack: { soc: Array(10).fill(soc), current_a: Array(10).fill(-power / 12800), voltage_v: Array(10).fill(1280) } }
}

function points(s) {
  const p = { 'grid.power_w': s.grid, 'grid.voltage_v': 10420 + 30 * noise(s.t, 2), 'grid.frequency_hz': 50 + 0.02 * noise(s.t, 5), 'pv1.power_w': solar(s.t), 'pv1.limit_w': 2e6, 'line1.power_w': -load(s.t),
    'site.net_demand_w': s.net, 'site.residual_w': 900 * noise(s.t, 8), 'site.import_mean_15min_w': Math.max(0, s.grid), 'site.import_price_per_kwh': price(s.t), 'site.export_price_per_kwh': 0, 'site.cycle_s': 0.004 }
  if (WIND) p['w1.power_w'] = wind(s.t)
  for (const b of B) {
    const f = cells(b, b.soc, b.power, s.t), v = f.voltage_mv, T = f.temperature_ddegc
    Object.assign(p, { [`${b.name}.power_w`]: b.power, [`${b.name}.soc`]: b.soc, [`${b.name}.soh`]: 1, [`${b.name}.dc_voltage_v`]: 1280, [`${b.name}.charge_limit_w`]: b.rated, [`${b.name}.discharge_limit_w`]: b.rated,
      [`${b.name}.cell_voltage_min_v`]: Math.min(...v) / 1e3, [`${b.name}.cell_voltage_max_v`]: Math.max(...v) / 1e3, [`${b.name}.cell_temperature_min_degc`]: Math.min(...T) / 10, [`${b.name}.cell_temperature_max_degc`]: Math.max(...T) / 10,
      [`${b.name}.setpoint_w`]: decision.setpoints[b.name].power_w, [`${b.name}.energy_charged_wh`]: b.charged, [`${b.name}.energy_discharged_wh`]: b.discharged })
  }
  return p
}

const UNITS = { w: 'W', v: 'V', hz: 'Hz', degc: 'degC', wh: 'Wh', a: 'A', s: 's' }
const LABELS = { power_w: W('有功功率', 'Power'), soc: W('荷电状态', 'State of charge'), soh: W('健康状态', 'State of health'), voltage_v: W('电压', 'Voltage'), frequency_hz: W('频率', 'Frequency'), cell_voltage_min_v: W('最低单体电压', 'Lowest cell voltage'), cell_voltage_max_v: W('最高单体电压', 'Highest cell voltage'), cell_temperature_max_degc: W('最高单体温度', 'Highest cell temperature'), setpoint_w: W('功率设定', 'Set-point'), net_demand_w: W('站内净需求', 'Net demand') }
const THINGS = [{ name: 'grid', kind: 'grid', label: W('并网点', 'Grid connection'), power_w: 4e6 },
  ...B.map((b, i) => ({ name: b.name, kind: 'battery', label: W(`${i + 1} 号储能柜`, `Container ${i + 1}`), power_w: b.rated, energy_wh: b.energy, layout: { rack: 10, module: 8, cell: 48 }, soc_min: 0.05, soc_max: 0.95, cell: { name: 'lfp-280ah', voltage_min_v: 2.5, voltage_max_v: 3.65 } })),
  { name: 'pv1', kind: 'solar', label: W('屋顶光伏', 'Roof solar'), power_w: 2e6 }, ...(WIND ? [{ name: 'w1', kind: 'wind', label: W('风机', 'Wind turbine'), power_w: 8e5 }] : []), { name: 'line1', kind: 'load', label: W('生产线', 'Production line'), power_w: 3e6 }]
const DEVICES = ['gate', 'bms1', 'pcs1', 'inv1', 'line']
const site = () => ({ id: 'park', name: W('五通园区', 'Wutong Park'), timezone: 'Asia/Shanghai', utc_offset_s: 28800, currency: 'CNY', environment: 'demo', mark: mode.mark, mode, speed: SPEED, version: '0.1.0', read_open: true, period_s: 1,
  grid: { import_limit_w: 4e6, export_limit_w: 2e6 }, things: THINGS, devices: DEVICES.map((name, i) => ({ name, map: ['sunspec-meter', 'leyden-bms', 'sunspec-pcs', 'sunspec-inverter', 'sunspec-meter'][i], at: `tcp://127.0.0.1:502${i}/1`, roles: [] })),
  controllers: decision.steps.map((s, i) => ({ name: s.controller, label: s.label, protective: i < 2, summary: s.text })),
  points: Object.keys(now.points).map((name) => { const field = name.split('.')[1]; return { name, unit: UNITS[/per_kwh$/.test(field) ? '' : field.split('_').pop()] ?? '', label: LABELS[field] ?? W(field, field.replace(/_/g, ' ')), doc: field } }),
  tariff: { id: 'cn-guangdong-2021', name: W('广东分时电价 2021', 'Guangdong time of use 2021'), document: '粤发改价格〔2021〕331号', estimate: true } })

const dayStart = (t) => Math.floor((t + ZONE_S) / 86400) * 86400 - ZONE_S
function slots(from, to) {
  const found = []
  for (let d = dayStart(from); d < to; d += 86400) for (const [a, b, power_w, soc_end] of PLAN) {
    const s = d + a * 3600, e = d + b * 3600, band = price(s)
    if (e > from && s < to) found.push({ start: iso(s), end: iso(e), mode: power_w ? 'battery' : 'hold', power_w, soc_end, price_per_kwh: band, reason: power_w > 0 ? W(`峰价 ${band.toFixed(2)}`, `dear: ${band.toFixed(2)} CNY/kWh`) : power_w < 0 ? W(`谷价 ${band.toFixed(2)}`, `cheap: ${band.toFixed(2)} CNY/kWh`) : W('价差不抵磨损', 'the spread does not pay for the wear') })
  }
  return found
}
const title = (p) => (p > 0 ? W(`放电 ${kw(p)}`, `Discharge ${kw(p)}`) : p < 0 ? W(`充电 ${kw(p)}`, `Charge ${kw(p)}`) : W('静置', 'Hold'))

let now = null, seq = 0
function frame(s) {
  const bad = {}
  if (silent('line')) bad['line1.power_w'] = 'STALE'
  if (silent('bms1')) for (const b of B) bad[`${b.name}.soc`] = 'BAD'
  const state = (d) => (silent(d) ? { state: 'offline', age_s: 42, error: W('无应答', 'no answer') } : { state: 'online', age_s: 0.3, error: null, writes: d === 'pcs1' ? { total: 8412 + seq, persistent_today: 12, budget: 50 } : d === 'inv1' ? { total: 96, persistent_today: 50, budget: 50 } : { total: 0, persistent_today: 0, budget: 50 } })
  for (const d of DEVICES) alarm(`device-stale:${d}`, 2, d, W('设备数据过期', 'Device is stale'), W(`${d} 无应答`, `${d} does not answer`), W('检查通信线路与设备电源', 'Check the line and the power of the device'), silent(d), s.t)
  alarm('import-limit', 1, 'grid', W('下网功率越限', 'Import limit missed'), W(`超出 ${kw(Math.max(0, s.grid - IMPORT_LIMIT))}`, `missed by ${kw(Math.max(0, s.grid - IMPORT_LIMIT))}: b1 at its reserve`), W('降低负荷', 'Shed load'), s.grid > IMPORT_LIMIT + 5e4, s.t)
  alarm('other-master:inv1', 2, 'inv1', W('另有主站写入', 'Another master writes'), W('另有主站写入 40233(有功限值)', 'another master writes 40233 (power limit)'), W('找出并停用另一主站', 'Find the other master and stop it'), Math.floor(s.t / 3600) % 3 === 0, s.t)
  alarm('cell-spread:b1', 3, 'b1', W('单体极差偏大', 'Cell spread is wide'), W('簇4·模组5·芯31', 'R4 · M5 · C31 departs from its rack'), W('安排均衡', 'Plan a balancing charge'), B[0].power > 5e5, s.t)
  const out = today.discharged_wh, into = today.charged_wh
  return { seq: ++seq, time: iso(s.t), t: s.t, points: points(s), bad, mode, locks, ages_s: Object.fromEntries(DEVICES.map((d) => [d, 0.3])), devices: Object.fromEntries(DEVICES.map((d) => [d, state(d)])), decision,
    commands: commands.map((c) => ({ ...c, remaining_s: Date.parse(c.expires) / 1000 - s.t, readback: { setpoint_w: mode.mark === 'SHADOW' ? null : decision.setpoints.b1.power_w, power_w: B[0].power, followed: mode.mark === 'SHADOW' ? null : Math.abs(B[0].power - decision.setpoints.b1.power_w) < 2e4 } })), alarms: open(),
    today: { ...today, money_estimate: true, efficiency: into > 1e5 && out > 1e5 ? 0.912 : null, cycles: out / 3.44e6 / B.length, plan_money: 3210, demand_month_w: 2.06e6 },
    next: slots(s.t, s.t + 86400).filter((x) => Date.parse(x.start) / 1000 > s.t).slice(0, 4).map((x) => ({ ...x, title: title(x.power_w) })) }
}
function keep(s, p) { for (const [k, v] of Object.entries(p)) (record[k] ??= []).push([s.t, v]) }

const decided = []
let t = dayStart(START) - 3 * 3600
for (; t < START; t += 30) { const s = step(t, 30); if (Math.round(t) % 120 === 0) decided.push({ ...decision, t, time: iso(t) }); if (Math.round(t) % 60 === 0) { frame(s); keep(s, points(s)) } }
now = frame(step(t, 1))
const streams = new Set()
let keptAt = t
setInterval(() => {
  const before = now
  let s = null
  for (let left = SPEED * 0.5; left > 0; left -= 5) { const dt = Math.min(5, left); t += dt; s = step(t, dt) }
  now = frame(s)
  decided.push({ ...decision, t, time: iso(t) })
  if (t - keptAt >= 30) { keep(s, now.points); keptAt = t }
  const delta = { seq: now.seq, time: now.time, t: now.t, points: {} }
  for (const k in now.points) if (now.points[k] !== before.points[k]) delta.points[k] = now.points[k]
  for (const k in now) if (!(k in delta) && JSON.stringify(now[k]) !== JSON.stringify(before[k])) delta[k] = now[k]
  if (!frozen) for (const r of streams) r.write(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`)
}, 500)
let frozen = false

function history(q) {
  const [from, to] = [Date.parse(q.get('start')) / 1000, Date.parse(q.get('end')) / 1000], want = (to - from) / Number(q.get('width') ?? 800)
  const step_s = [30, 60, 120, 300, 900, 3600].find((x) => x >= want) ?? 3600
  const series = {}
  for (const name of q.get('points').split(',')) {
    const s = { t: [], min: [], mean: [], max: [] }; let sum = 0, n = 0
    for (const [at, v] of record[name] ?? []) {
      if (at < from || at >= to) continue
      const bucket = Math.floor(at / step_s) * step_s
      if (s.t[s.t.length - 1] !== bucket) { s.t.push(bucket); s.min.push(v); s.max.push(v); s.mean.push(v); sum = v; n = 1 }
      else { const i = s.t.length - 1; s.min[i] = Math.min(s.min[i], v); s.max[i] = Math.max(s.max[i], v); sum += v; n += 1; s.mean[i] = sum / n }
    }
    series[name] = s
  }
  return { step_s, series }
}
const valueAt = (name, at) => { const rows = record[name] ?? []; let found = rows[0]; for (const row of rows) if (row[0] <= at) found = row; return found?.[1] ?? 0 }

const KINDS = [['silent', '设备无应答', 'Silent', []], ['slow', '应答缓慢', 'Slow', [{ name: 'delay_s', unit: 's', default: 2 }]], ['frozen', '数值冻结', 'Frozen value', []]].map(([kind, zh, en, params]) => ({ kind, label: W(zh, en), targets: DEVICES, params }))
const preview = (o) => { const most = 1.5e6 * (o.target === 'batteries' ? B.length : 1), p = Math.max(-most, Math.min(most, o.power_w)); return { power_w: p, text: p === o.power_w ? W('没有限值约束', 'no limit stands in the way') : W(`变流器额定 ${kw(most)}`, `the converter is rated ${kw(most)}`) } }
const routes = {
  'GET site': () => site(), 'GET snapshot': () => now, 'GET health': () => ({ ok: true }),
  'GET history': (q) => history(q), 'GET plan': (q) => ({ slots: slots(Date.parse(q.get('start')) / 1000, Date.parse(q.get('end')) / 1000), made: iso(t), source: 'time-of-use', version: 1 }),
  'GET tariff': (q) => { const d = Date.parse(`${q.get('date')}T00:00:00Z`) / 1000 - ZONE_S; return { bands: BANDS.map(([band, a, b]) => ({ start: iso(d + a * 3600), end: iso(d + b * 3600), band, label: NAME[band], import_per_kwh: PRICE[band], export_per_kwh: 0 })), currency: 'CNY', estimate: true, document: '粤发改价格〔2021〕331号' } },
  'GET alarms': () => ({ alarms }), 'GET twin/faults': () => ({ kinds: KINDS, active: faults }),
  'GET export': () => 'time,b1.power_w\n', 'POST manual/preview': (_q, o) => preview(o),
  'POST manual': (_q, o) => { const command = { id: ++ids, ...o, since: iso(t), expires: iso(t + o.duration_s), remaining_s: o.duration_s }; commands = [command, ...commands]; return { command, preview: preview(o) } },
  'GET actions': () => ({ actions }), 'GET decisions': (q) => ({ decisions: decided.filter((d) => d.t >= Date.parse(q.get('start')) / 1000 && d.t < Date.parse(q.get('end')) / 1000).reverse() }),
  'GET why': (q) => {
    const found = decided.findLast((d) => d.t <= Date.parse(q.get('time')) / 1000 + 1) ?? { ...decision, time: iso(t) }
    const lines = [found.sentence, ...found.steps.map((s) => W(`${s.label.zh}:${s.text.zh} — ${s.request_w == null ? '' : `请求 ${kw(s.request_w)};`}${s.target} 可取 …`, `${s.label.en}: ${s.text.en} — ${s.request_w == null ? '' : `asks ${kw(s.request_w)}; `}${s.target} may do …`))]
    return { ...found, lines, headline: W(`由“${found.commander.label.zh}”指挥`, `${found.commander.label.en} commands`), shadow: mode.mark === 'SHADOW' }
  },
  'GET users': () => ({ users: [...users.values()] }), 'GET tokens': () => ({ tokens }),
  'POST users': (_q, o) => { users.set(o.name, { name: o.name, role: o.role, enabled: true }); return {} },
  'POST tokens': (_q, o) => { tokens.push({ id: ++ids, label: o.label, role: o.role, expires: o.expires_s ? iso(t + o.expires_s) : null }); return { token: 'ley_4f7c0a9e5d3b8c216fe0' } },
  'POST password': () => ({}), 'POST twin/reset': () => ({}),
  'POST mode': (_q, o) => { if (o.site !== 'park') throw W(`站点编号不符:${o.site}`, `this is not the site's id: ${o.site}`); act(o.by, 'mode', null, { mark: mode.mark }, { mark: o.mark }, o.reason, o.mark === 'LIVE' ? W('投入运行', 'armed the site') : W('退出运行', 'disarmed the site')); mode = { mark: o.mark, since: iso(t), by: o.by }; return { mode } },
  'POST locks': (_q, o) => { const lock = { target: o.target, by: o.by, reason: o.reason, since: iso(t) }; act(o.by, 'lock', o.target, null, lock, o.reason, W(`${o.target} 挂牌`, `locked ${o.target}`)); locks = [...locks, lock]; return { locks } },
  'POST twin/faults': (_q, o) => { faults.push({ id: ++ids, ...o, since: iso(t) }); return { id: ids } },
  'POST freeze': () => { frozen = !frozen; return { frozen } },
}
function dynamic(method, path, q, body) {
  const [a, b, c] = path.split('/')
  const battery = B.find((x) => x.name === b)
  if (a === 'cells' && battery) { if (!c) return cells(battery, battery.soc, battery.power, Math.floor(t / 10) * 10); const at = Date.parse(q.get('time')) / 1000; return cells(battery, valueAt(`${b}.soc`, at), valueAt(`${b}.power_w`, at), Math.floor(at / 10) * 10) }
  if (a === 'alarms' && c === 'ack') { const x = alarms.find((y) => y.id === Number(b)); Object.assign(x, { acknowledged: iso(t), acknowledged_by: body.by, state: 'ack' }); return x }
  if (a === 'locks' && method === 'DELETE') { act(q.get('by'), 'unlock', b, locks.find((l) => l.target === b), null, q.get('reason'), W(`${b} 摘牌`, `took the lock off ${b}`)); locks = locks.filter((l) => l.target !== b); return { locks } }
  if (a === 'users') { if (method === 'DELETE') users.delete(b); else Object.assign(users.get(b), body); return {} }
  if (a === 'tokens') { tokens.splice(tokens.findIndex((x) => x.id === Number(b)), 1); return {} }
  if (a === 'manual' && method === 'DELETE') { commands = commands.filter((x) => x.id !== Number(b)); return { released: true } }
  if (a === 'twin' && method === 'DELETE') { faults = faults.filter((x) => x.id !== Number(c)); return {} }
  return null
}
let tries = 0
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }
createServer(async (req, res) => {
  const u = new URL(req.url, 'http://x')
  if (!u.pathname.startsWith('/api/')) {
    const file = join(STATIC, normalize(u.pathname === '/' ? '/index.html' : u.pathname))
    if (!existsSync(file) || !statSync(file).isFile()) { res.writeHead(404); return res.end() }
    res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
    return createReadStream(file).pipe(res)
  }
  const path = u.pathname.slice(5)
  if (path === 'stream') {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    res.write(`event: full\ndata: ${JSON.stringify(now)}\n\n`)
    streams.add(res); req.on('close', () => streams.delete(res)); return
  }
  let text = ''; for await (const chunk of req) text += chunk
  const send = (code, body) => { res.writeHead(code, { 'content-type': 'application/json' }); res.end(JSON.stringify(body)) }
  const body = text ? JSON.parse(text) : {}
  const cookie = /leyden=(\w+)/.exec(req.headers.cookie ?? '')?.[1], user = users.get(sessions.get(cookie))
  const me = req.headers.authorization === `Bearer ${TOKEN}` ? { name: 'first start', role: 'administrator', via: 'token' } : user ? { name: user.name, role: user.role, via: 'session' } : { name: null, role: 'viewer', via: 'open' }
  if (path === 'me') return send(200, { ...me, users: users.size > 0 })
  if (path === 'login') {
    if (body.password !== 'mock' || !users.has(body.user)) return tries++ > 3 ? (res.setHeader('retry-after', '20'), send(429, { detail: W('尝试过多', 'Too many tries') })) : send(401, { detail: W('用户名或密码不正确', 'The name or the password is not right') })
    const key = Math.random().toString(36).slice(2); sessions.set(key, body.user); res.setHeader('set-cookie', `leyden=${key}; HttpOnly; SameSite=Strict; Path=/`)
    const who = users.get(body.user); return send(200, { me: { name: who.name, role: who.role, via: 'session', users: true } })
  }
  if (path === 'logout') { sessions.delete(cookie); return send(200, {}) }
  const needs = /^(users|tokens)/.test(path) ? 3 : path === 'mode' && body.mark === 'LIVE' || /^twin/.test(path) ? 2 : 1
  const free = req.method === 'GET' ? needs < 3 : path === 'freeze' || path === 'manual/preview' || path === 'password'
  if (!free && me.via === 'open') return send(401, { detail: W('需要登录', 'Log in first') })
  if (!free && ['viewer', 'operator', 'engineer', 'administrator'].indexOf(me.role) < needs) return send(403, { detail: W('角色权限不足', 'Your role does not reach') })
  let found
  try { found = routes[`${req.method} ${path}`]?.(u.searchParams, body) ?? dynamic(req.method, path, u.searchParams, body) } catch (words) { if (words instanceof Error) throw words; return send(422, { detail: words }) }
  found == null ? send(404, { detail: W('没有此接口', 'No such route') }) : send(200, found)
}).listen(Number(arg('port', 8429)), '127.0.0.1', () => console.log(`mock site on http://127.0.0.1:${arg('port', 8429)}`))
