-- What Argo CD makes of a BaselinePolicy: the rules of kstatus, and this one's conditions.
local hs = { status = "Progressing", message = "the operator has not looked at this generation yet" }
local status = obj.status
if obj.metadata.deletionTimestamp ~= nil then
  hs.message = "is being deleted"
end
if status == nil or status.observedGeneration ~= obj.metadata.generation then
  return hs
end
local byType = {}
for _, condition in ipairs(status.conditions or {}) do
  byType[condition.type] = condition
end
local stalled, reconciling, ready, protected = byType.Stalled, byType.Reconciling, byType.Ready, byType.AllProtected
if stalled ~= nil and stalled.status == "True" then
  -- Also what waits for a confirmation: a person has to decide, and the message has the line to type.
  return { status = "Degraded", message = stalled.message }
end
if obj.metadata.deletionTimestamp ~= nil then
  return hs
end
if reconciling ~= nil and reconciling.status == "True" then
  return { status = "Progressing", message = reconciling.message }
end
if ready == nil or ready.status ~= "True" then
  return { status = "Progressing", message = ready and ready.message or hs.message }
end
if protected ~= nil and protected.status == "False" and ready.reason == "Applied" then
  -- Healthy all the same: one tenant's conflict must not fail the sync of everybody.
  return { status = "Healthy", message = protected.message }
end
return { status = "Healthy", message = ready.message }
