// The pure modules, loaded through Vite (which strips the types): laws first, then examples that once went wrong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runnerImport } from 'vite'

const load = async (name) => (await runnerImport(new URL(`../src/lib/${name}.ts`, import.meta.url).pathname)).module
const [time, flow, format, table, plan, cells, site, actions, roles] = await Promise.all(['time', 'flow', 'format', 'table', 'plan', 'cells', 'site', 'actions', 'roles'].map(load))

/** Repeatable numbers in [-1, 1). */
function* numbers(seed) {
  for (let s = seed; ; ) yield (s = (s * 1664525 + 1013904223) >>> 0) / 2147483648 - 1
}

test('every watt that is given is taken, and no edge runs backwards', () => {
  const next = numbers(7)
  for (let i = 0; i < 500; i++) {
    const [a, b, c, d] = Array.from({ length: 4 }, () => next.next().value * 1e6)
    const powers = { solar: Math.abs(a), wind: Math.abs(b), load: -Math.abs(c), battery: d }
    powers.grid = -(powers.solar + powers.wind + powers.load + powers.battery)
    const edges = flow.edges(powers)
    for (const kind of Object.keys(powers)) {
      const out = edges.filter((e) => e.from === kind).reduce((s, e) => s + e.power_w, 0)
      const into = edges.filter((e) => e.to === kind).reduce((s, e) => s + e.power_w, 0)
      assert.ok(Math.abs(out - into - powers[kind]) < 1e-3, `${kind}: ${out} - ${into} != ${powers[kind]}`)
    }
    assert.ok(edges.every((e) => e.power_w > 0))
    const total = flow.shares(edges).reduce((s, x) => s + x.share, 0)
    assert.ok(Math.abs(total - 1) < 1e-9)
  }
})

test('a local day is as long as its zone makes it', () => {
  const hours = (zone, iso) => { const d = time.localDay(Date.parse(iso) / 1000, zone); return (d.end - d.start) / 3600 }
  assert.equal(hours('Asia/Shanghai', '2026-07-15T07:00:00Z'), 24)
  assert.equal(hours('Europe/Berlin', '2026-03-29T10:00:00Z'), 23)
  assert.equal(hours('Europe/Berlin', '2026-10-25T10:00:00Z'), 25)
  assert.equal(hours('America/Los_Angeles', '2026-11-01T12:00:00Z'), 25)
  const day = time.localDay(Date.parse('2026-10-25T10:00:00Z') / 1000, 'Europe/Berlin')
  assert.equal(time.local(day.start, 'Europe/Berlin').clock, '00:00:00')
  assert.equal(time.local(day.end, 'Europe/Berlin').clock, '00:00:00')
})

test('a wall clock and its instant lead to each other', () => {
  for (const zone of ['Asia/Shanghai', 'Europe/London', 'America/St_Johns', 'Asia/Kathmandu'])
    for (const clock of ['00:00:00', '11:30:15', '23:59:59']) {
      const there = time.local(time.fromLocal('2026-07-15', clock, zone), zone)
      assert.deepEqual([there.date, there.clock], ['2026-07-15', clock])
    }
  assert.equal(time.offsetName(1784079012.4, 'Asia/Shanghai'), 'UTC+8')
  assert.equal(time.offsetName(1784079012, 'America/St_Johns'), 'UTC−2:30')
})

test('numbers choose their unit, keep their sign and never show a minus nothing', () => {
  const cases = [[0, '0 kW'], [-412, '−0.41 kW'], [9_960, '10.0 kW'], [812_000, '812 kW'], [999_600, '1.00 MW'], [-1_414_000, '−1.41 MW'], [2.5e9, '2.50 GW'], [null, '— kW'], [NaN, '— kW']]
  for (const [watts, text] of cases) assert.equal(format.powerText(watts), text)
  assert.equal(format.num(-0.04, 1), '0.0')
  assert.equal(format.signed(3.26, 1), '+3.3')
  assert.equal(format.money(-104.2, 'CNY'), '−¥ 104')
  assert.equal(format.pair(2.0e6, 8.5e4, 'Wh'), '2.00/0.09 MWh')
  assert.equal(format.unitOf('', 'b1.soc'), '%')
  assert.equal(format.unitOf('', 'b1.state'), '')
  assert.deepEqual([3599, 3600, 7260].map(format.countdown), ['59:59', '1:00:00', '2:01:00'])
})

test('holes break a line, a slow point does not', () => {
  const series = (t) => ({ t, min: t, mean: t, max: t })
  const holed = table.tableOf({ step_s: 60, series: { a: series([0, 60, 120, 600, 660]) } })
  assert.deepEqual(holed.columns.a, [0, 60, 120, null, 600, 660])
  const slow = table.tableOf({ step_s: 1, series: { a: series([0, 10, 20, 30]) } })
  assert.ok(!slow.columns.a.includes(null))
  assert.equal(table.nearest([0, 10, 20], 14, 5), 1)
  assert.equal(table.nearest([0, 10, 20], 40, 5), null)
  assert.deepEqual(table.sumColumns({ step_s: 1, t: [0, 1], columns: { a: [1, 2], b: [3, null] } }, ['a', 'b']), [4, null])
})

test('a plan says power and charge between its slots', () => {
  const slot = (start, end, power_w, soc_end) => ({ start, end, mode: 'battery', power_w, soc_end, reason: { zh: '', en: '' }, price_per_kwh: null })
  const slots = plan.slotsOf([slot('2026-07-15T00:00:00Z', '2026-07-15T01:00:00Z', 0, 0.5), slot('2026-07-15T01:00:00Z', '2026-07-15T03:00:00Z', -1e5, 0.9)])
  const found = plan.plannedAt(slots, time.epoch('2026-07-15T02:00:00Z'))
  assert.equal(found.power_w, -1e5)
  assert.ok(Math.abs(found.soc - 0.7) < 1e-12)
  assert.equal(plan.plannedAt(slots, time.epoch('2026-07-15T03:00:00Z')), null)
})

test('the furthest cell is found, and a missing one is not a cell at zero', () => {
  const voltage_mv = Array.from({ length: 2 * 2 * 3 }, () => 3300)
  voltage_mv[8] = 3280
  voltage_mv[2] = null
  const frame = { shape: [2, 2, 3], voltage_mv, temperature_ddegc: voltage_mv.map(() => 250) }
  const racks = cells.rackStats(frame)
  assert.deepEqual(cells.worstCell(frame, racks, 'voltage').place, { rack: 1, module: 0, cell: 2, index: 8 })
  assert.equal(racks[0].min_mv, 3300)
  assert.equal(cells.departure(frame, racks, 2, 'voltage'), null)
})

test('a part of a sum is not the sum', () => {
  const two = [{ name: 'b1', energy_wh: 1e6, soc_min: 0.1, soc_max: 0.9 }, { name: 'b2', energy_wh: 3e6, soc_min: 0.1, soc_max: 0.9 }]
  assert.equal(site.sum({ 'b1.power_w': 5 }, two, 'power_w'), null)
  const both = site.charge({ 'b1.soc': 0.5, 'b2.soc': 0.7 }, two)
  assert.ok(Math.abs(both.soc - 0.65) < 1e-12)
  assert.ok(Math.abs(both.dischargeable_wh - (0.4e6 + 1.8e6)) < 1e-6)
  assert.equal(site.charge({ 'b1.soc': 0.5, 'b2.soc': null }, two).soc, null)
})

test('a plan for all together is nobody\'s own, and one battery\'s slots are its own', () => {
  const all = [{ name: 'b1' }, { name: 'b2' }]
  const [b1, b2] = all.map((one) => [one])
  assert.ok(plan.meant({ target: 'batteries' }, all, all))
  assert.ok(!plan.meant({ target: 'batteries' }, b1, all))
  assert.ok(plan.meant({ target: 'b1' }, b1, all))
  assert.ok(!plan.meant({ target: 'b1' }, b2, all))
  assert.ok(!plan.meant({ target: 'b1' }, all, all))
  assert.ok(plan.meant({ target: 'batteries' }, b1, b1))
  assert.ok(plan.meant({ target: 'b1' }, b1, b1))
  const slot = (target, start, end, soc_end) => ({ start, end, target, mode: 'hold', power_w: 0, soc_end, reason: { zh: '', en: '' }, price_per_kwh: null })
  const slots = plan.slotsOf([slot('b1', '2026-07-15T00:00:00Z', '2026-07-15T01:00:00Z', 0.5), slot('b2', '2026-07-15T01:00:00Z', '2026-07-15T02:00:00Z', 0.9), slot('b1', '2026-07-15T02:00:00Z', '2026-07-15T03:00:00Z', 0.7)])
  assert.deepEqual(slots.map((one) => one.soc_start), [null, null, 0.5])
})

test('a log in a spreadsheet holds what was typed and runs none of it', () => {
  assert.equal(actions.cell('=HYPERLINK("x")'), `"'=HYPERLINK(""x"")"`)
  assert.equal(actions.cell('−3'), '−3')
  assert.equal(actions.cell('-3'), "'-3")
  assert.equal(actions.csvOf(['a', 'b'], [['1', 'x, y']]), 'a,b\r\n1,"x, y"\r\n')
  assert.equal(actions.plain({ mark: 'LIVE', by: null, at: { x: 1 } }), 'mark LIVE, at x 1')
  assert.equal(actions.plain('SHADOW'), 'SHADOW')
  const one = (by, what, why) => ({ id: 1, time: '', by, what, target: 'b1', before: null, after: null, why, text: { zh: '挂牌', en: 'locked' } })
  const log = [one('li', 'lock', 'fan'), one('wang', 'unlock', 'done')]
  assert.deepEqual(actions.matching(log, { by: '', what: '', text: 'FAN' }), [log[0]])
  assert.deepEqual(actions.matching(log, { by: 'wang', what: '', text: '' }), [log[1]])
  assert.deepEqual(actions.matching(log, { by: 'wang', what: 'lock', text: '' }), [])
})

test('a role reaches what is below it, and nobody reaches nothing', () => {
  for (const [i, has] of roles.ROLES.entries()) for (const [j, need] of roles.ROLES.entries()) assert.equal(roles.reaches(has, need), i >= j)
  assert.ok(!roles.reaches(null, 'viewer'))
})
