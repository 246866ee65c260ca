/**
 * budget-ledger.ts, budget-window.ts and budget-pace.ts in Lua, for a Redis that a fleet shares: `state`, `now` and `command` are given,
 * and it returns the answer. Their comments say why; a change belongs in both, and reddit-budget.test.ts runs both.
 */
export const BUDGET_SCRIPT = `
local rpm = command.requestsPerMinute
local PROCESS_LIFE, REQUEST_LIFE, GRACE, CATCH_UP, SLACK, SLICE = 5000, 60000, 15000, 4, 3000, 500

if state.sequence == nil then
  state = { source = 'default', limit = 0, lengthMs = 60000, startedAt = 0, endsAt = 0, remaining = 0, granted = 0, lowest = -1,
    unsure = 0, nextAt = 0, pacedAt = 0, closedUntil = 0, virtual = 0, sequence = 0, exclusive = 0, underWay = {}, tags = {}, processes = {},
    parked = {}, weights = {}, log = {}, recent = {} }
end
-- One that an older version left behind.
state.pacedAt, state.recent = state.pacedAt or 0, state.recent or {}

local function size(map) local n = 0 for _ in pairs(map) do n = n + 1 end return n end
local function allowance() return math.max(1, math.floor(rpm * state.lengthMs / 60000)) end
local function windowLimit() if state.limit > 0 then return math.min(state.limit, allowance()) end return allowance() end
local function available() return math.max(0, math.floor(math.min(state.remaining, allowance() - state.granted))) end
local function evenPace() return state.lengthMs / windowLimit() end

local function openWindow(startedAt, endsAt, remaining)
  state.startedAt, state.endsAt, state.lowest, state.unsure, state.granted = startedAt, endsAt, -1, 0, 0
  state.remaining = remaining - size(state.underWay)
end

local function pace() return 60000 / rpm end
local function paceOpensAt()
  local granted, oldest = 0, math.huge
  for _, slice in pairs(state.recent) do granted, oldest = granted + slice.count, math.min(oldest, slice.lastAt) end
  if granted < math.max(1, math.floor(rpm)) then return state.pacedAt end
  return math.max(state.pacedAt, oldest + 60000)
end
local function sliceOf(at) return string.format('%.0f', math.floor(at / SLICE)) end
local function count()
  local key = sliceOf(now)
  local slice = state.recent[key] or { count = 0 }
  slice.count, slice.lastAt = slice.count + 1, now
  state.recent[key] = slice
end
local function uncount(at)
  local key = sliceOf(at)
  local slice = state.recent[key]
  if not slice then return end
  slice.count = slice.count - 1
  if slice.count == 0 then state.recent[key] = nil end
end
local function notePaced()
  state.pacedAt = math.ceil(math.max(state.pacedAt, now - SLACK) + pace())
  count()
end
local function noteFetched(id)
  local grantedAt = state.underWay[id]
  if grantedAt == nil then return end
  uncount(grantedAt)
  count()
  state.underWay[id] = now
end
local function unnotePaced(grantedAt)
  uncount(grantedAt)
  state.pacedAt = math.floor(state.pacedAt - pace())
end

local function slotAfterNow()
  local left = available()
  if left == 0 then return state.endsAt end
  return now + math.ceil(math.max((state.endsAt - now) / (left + 1), evenPace() / CATCH_UP))
end

local function endRequest(id)
  local grantedAt = state.underWay[tostring(id)]
  state.underWay[tostring(id)] = nil
  if state.exclusive == id then state.exclusive = 0 end
  return grantedAt
end

local function settle(outcome)
  local grantedAt = endRequest(outcome.id)
  if outcome.closeMs then state.closedUntil = math.max(state.closedUntil, now + outcome.closeMs) end
  local isOfThisWindow = grantedAt ~= nil and grantedAt >= state.startedAt
  local headers = outcome.headers
  if not headers then
    if isOfThisWindow then state.unsure = state.unsure + 1 end
    return
  end
  local ends = now + headers.resetMs
  local off = ends - state.endsAt
  local isFirst = state.source == 'default'
  if not isFirst and off < -state.lengthMs / 2 and not isOfThisWindow then return end
  state.source = 'headers'
  if headers.used then state.limit = math.max(1, math.floor(headers.used + headers.remaining + 0.5)) end
  if isFirst or math.abs(off) > state.lengthMs / 2 then
    if isFirst or off < 0 then state.lengthMs = math.max(1, headers.resetMs) else state.lengthMs = math.max(state.lengthMs, headers.resetMs) end
    openWindow(now, ends, headers.remaining)
  else
    if headers.resetMs > state.lengthMs then state.endsAt = ends else state.endsAt = math.min(state.endsAt, ends) end
    if grantedAt then state.endsAt = math.max(state.endsAt, grantedAt + headers.resetMs - 1000) end
    state.lengthMs = math.max(state.lengthMs, headers.resetMs)
  end
  if state.lowest < 0 then state.lowest = headers.remaining else state.lowest = math.min(state.lowest, headers.remaining) end
  local surely = math.max(0, state.lowest - size(state.underWay) - state.unsure)
  if state.remaining < surely or state.remaining > state.lowest then state.remaining = surely end
  local next = slotAfterNow()
  if available() == 0 then state.nextAt = next else state.nextAt = math.min(state.nextAt, next) end
end

local function waitingOf()
  local waiting = {}
  for _, process in pairs(state.processes) do
    for _, lane in pairs(process.lanes) do waiting[lane.flow] = (waiting[lane.flow] or 0) + lane.waiting end
  end
  return waiting
end

local function laneKey(lane) if lane.isExclusive then return lane.flow .. '!' end return lane.flow end

local function arrive()
  local lane = command.lane
  local flow, waiting, parked = lane.flow, waitingOf(), state.parked[lane.flow] or {}
  if (waiting[flow] or 0) == 0 and #parked == 0 then state.tags[flow] = math.max(state.virtual, state.tags[flow] or 0) end
  state.weights[flow] = lane.weight
  local first
  for index, due in ipairs(parked) do if not first or due < parked[first] then first = index end end
  local isBack = first ~= nil and parked[first] <= now + 1000
  if isBack then table.remove(parked, first) end
  local before = waiting[flow] or 0
  if not isBack then before = before + #parked end
  local start, ahead = (state.tags[flow] or 0) + before / lane.weight, before
  local others = {}
  for other in pairs(waiting) do others[other] = true end
  for other in pairs(state.parked) do others[other] = true end
  for other in pairs(others) do
    if other ~= flow then
      local backlog = (waiting[other] or 0) + #(state.parked[other] or {})
      local sooner = math.floor((start - (state.tags[other] or 0)) * (state.weights[other] or 1)) + 1
      ahead = ahead + math.max(0, math.min(backlog, sooner))
    end
  end
  local left, from, slot = available(), math.max(now, state.closedUntil, state.nextAt, paceOpensAt()), nil
  if ahead < left then slot = from + ahead * math.max(pace(), (state.endsAt - from) / left)
  else slot = math.max(state.endsAt, state.closedUntil) + (ahead - left) * evenPace() end
  local etaMs = math.ceil(slot - now)
  local isDeferred = etaMs > command.patienceMs
  if isDeferred and command.isParkable then
    table.insert(parked, now + etaMs)
    state.parked[flow] = parked
  end
  if not isDeferred then
    local own = state.processes[command.process] or { seenAt = now, free = 0, lanes = {}, grants = {} }
    state.processes[command.process] = own
    local key = laneKey(lane)
    own.lanes[key] = own.lanes[key] or { flow = flow, weight = lane.weight, isExclusive = lane.isExclusive, waiting = 0, since = now }
    own.lanes[key].waiting = own.lanes[key].waiting + 1
  end
  return { etaMs = etaMs, isDeferred = isDeferred }
end

local function tagOf(lane) return state.tags[lane.flow] or state.virtual end
local function isBefore(first, second)
  local one, other = first.lane, second.lane
  if tagOf(one) ~= tagOf(other) then return tagOf(one) < tagOf(other) end
  if one.weight ~= other.weight then return one.weight > other.weight end
  if one.since ~= other.since then return one.since < other.since end
  return first.name < second.name
end

local function nextInLine()
  local best
  for name, process in pairs(state.processes) do
    if process.free > 0 then
      for key, lane in pairs(process.lanes) do
        local one = { process = process, key = key, lane = lane, name = key .. ' ' .. name }
        if lane.waiting >= 1 and not (lane.isExclusive and state.exclusive ~= 0) and (not best or isBefore(one, best)) then best = one end
      end
    end
  end
  return best
end

local function dispatch()
  while now >= math.max(state.nextAt, state.closedUntil, paceOpensAt()) and available() > 0 do
    local best = nextInLine()
    if not best then return end
    local process, lane, tag = best.process, best.lane, tagOf(best.lane)
    state.sequence = state.sequence + 1
    local id = state.sequence
    state.virtual = math.max(state.virtual, tag)
    state.tags[lane.flow] = math.floor((tag + 1 / lane.weight) * 1e6 + 0.5) / 1e6
    state.underWay[tostring(id)] = now
    state.remaining, state.granted = state.remaining - 1, state.granted + 1
    notePaced()
    if lane.isExclusive then state.exclusive = id end
    process.grants[tostring(id)] = best.key
    process.free, lane.waiting, lane.since = process.free - 1, lane.waiting - 1, now
    local second = tostring(math.floor(now / 1000))
    state.log[second] = state.log[second] or {}
    state.log[second][lane.flow] = (state.log[second][lane.flow] or 0) + 1
    state.nextAt = slotAfterNow()
  end
end

local function poll()
  for _, outcome in ipairs(command.outcomes) do settle(outcome) end
  for _, id in ipairs(command.unused) do
    local grantedAt = endRequest(id)
    if grantedAt then
      unnotePaced(grantedAt)
      state.remaining = state.remaining + 1
      if grantedAt >= state.startedAt then state.granted = state.granted - 1 end
      state.nextAt = math.min(state.nextAt, now)
    end
  end
  local pending = (state.processes[command.process] or { grants = {} }).grants
  for id in pairs(pending) do noteFetched(id) end
  local process = { seenAt = now, free = command.free - size(pending), lanes = {}, grants = pending }
  state.processes[command.process] = process
  for _, lane in ipairs(command.lanes) do
    process.lanes[laneKey(lane)] = { flow = lane.flow, weight = lane.weight, isExclusive = lane.isExclusive, waiting = lane.waiting, since = now - lane.ageMs }
  end
  for _, key in pairs(pending) do
    if process.lanes[key] then process.lanes[key].waiting = process.lanes[key].waiting - 1 end
  end
  dispatch()
  local grants = process.grants
  process.grants = {}
  if #command.lanes == 0 then state.processes[command.process] = nil end
  local waiting, idle = waitingOf(), {}
  for flow, tag in pairs(state.tags) do
    if (waiting[flow] or 0) == 0 and not state.parked[flow] and tag <= state.virtual then table.insert(idle, flow) end
  end
  for _, flow in ipairs(idle) do state.tags[flow], state.weights[flow] = nil, nil end
  local opensAt = math.max(state.nextAt, state.closedUntil, paceOpensAt())
  if available() == 0 then opensAt = math.max(opensAt, state.endsAt) end
  return { grants = grants, nextMs = math.max(0, math.ceil(opensAt - now)) }
end

local function view()
  local flows = {}
  local function flowOf(flow) flows[flow] = flows[flow] or { waiting = 0, deferred = 0, lastMinute = 0 } return flows[flow] end
  for flow, count in pairs(waitingOf()) do flowOf(flow).waiting = count end
  for flow, due in pairs(state.parked) do flowOf(flow).deferred = #due end
  for _, second in pairs(state.log) do
    for flow, count in pairs(second) do flowOf(flow).lastMinute = flowOf(flow).lastMinute + count end
  end
  return { source = state.source, limit = windowLimit(), remaining = available(), resetMs = math.ceil(state.endsAt - now),
    closedMs = math.max(0, math.ceil(state.closedUntil - now)), processes = size(state.processes), flows = flows }
end

local expired = {}
for id, at in pairs(state.underWay) do if at <= now - REQUEST_LIFE then table.insert(expired, tonumber(id)) end end
for _, id in ipairs(expired) do endRequest(id) end
if now >= state.endsAt then
  local passed = now
  if state.endsAt > 0 then passed = state.endsAt + math.floor((now - state.endsAt) / state.lengthMs) * state.lengthMs end
  openWindow(passed, passed + state.lengthMs, windowLimit())
end
for name, process in pairs(state.processes) do if process.seenAt < now - PROCESS_LIFE then state.processes[name] = nil end end
for flow, due in pairs(state.parked) do
  local kept = {}
  for _, at in ipairs(due) do if at > now - GRACE then table.insert(kept, at) end end
  if #kept > 0 then state.parked[flow] = kept else state.parked[flow] = nil end
end
for slice, recent in pairs(state.recent) do if recent.lastAt <= now - 60000 then state.recent[slice] = nil end end
for second in pairs(state.log) do if tonumber(second) <= now / 1000 - 60 then state.log[second] = nil end end

if command.kind == 'arrive' then return arrive(), state end
if command.kind == 'poll' then return poll(), state end
return view(), state
`;
