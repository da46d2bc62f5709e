extension Cause {
  /// What happened, in one sentence.
  public var explanation: String {
    switch self {
    case .none:
      "Everything the server had is still there, in place."
    case .neutralRerender:
      "The bytes differ, but what the server renders from them does not: nothing is computed again."
    case .toolOrder:
      "The same tools were sent in another order; servers render tools in front of the conversation."
    case .schemaOrder:
      "A tool's schema was written with its keys in another order; templates print schemas as sent."
    case .contentShape:
      "A message was written in another form with the same meaning."
    case .argumentsRewritten:
      "The arguments of a past tool call were serialised again, with their keys in another order."
    case .idsRegenerated:
      "The ids that pair tool calls and results were made anew for past calls."
    case .whitespaceTrimmed:
      "White space at the end of a past message was cut off."
    case .redaction:
      "Text of a past message was blanked. It is gone for good: nothing here keeps or restores it."
    case .billingNonce:
      "The attribution line that stands first in the system prompt carries a new checksum."
    case .clock:
      "A date or time in front of the conversation moved on."
    case .environment:
      "Text about the workspace (directory, git, files, counters) in front of the conversation changed."
    case .memory:
      "Text that is injected in front of the conversation (memories, rules, search results) changed."
    case .toolDescription:
      "The description of a tool changed while its name and schema stayed."
    case .toolAdded:
      "A tool appeared in mid-session; tools stand in front of all messages."
    case .toolRemoved:
      "A tool disappeared in mid-session; tools stand in front of all messages."
    case .toolRenamed:
      "A past tool call is sent under another tool name."
    case .knob:
      "A setting that changes how the prompt is rendered has another value."
    case .modelSwitch:
      "The session goes on with another model, which shares nothing with the first."
    case .reminder:
      "A reminder that was injected into a past message was moved or left out."
    case .reasoningDropped:
      "The model's reasoning of an earlier turn was not sent back."
    case .signedThinking:
      "A signed thinking block changed; only the agent may decide about those."
    case .toolResultCleared:
      "An old tool result was cleared or shortened to save room, and everything behind it moved."
    case .image:
      "An image in a past message was replaced, removed or encoded anew."
    case .inPlaceEdit:
      "A past message has other content while the messages behind it stayed."
    case .tailRewrite:
      "The last messages were sent again in other words."
    case .compaction:
      "The agent replaced much of the history by a summary or dropped it."
    case .compactionCall:
      "The whole conversation was sent without its tools to be summarised: nothing could be reused."
    case .branch:
      "The conversation was rewound, edited or forked: it goes on from an earlier message."
    case .historyEvicted:
      "Nothing is known about the turns before this one."
    case .slotTaken:
      "The request was unchanged, but another session used the server's slot in between."
    case .lifetimeLapsed:
      "The request was unchanged, but it came after the cache's lifetime had passed."
    case .serverRestarted:
      "The request was unchanged, but the server was away in between and lost its cache."
    case .otherReplica:
      "The request was unchanged and in time; probably another replica answered it."
    case .belowMinimum:
      "The prompt is shorter than the least that this API caches."
    case .checkpointRollback:
      "This model can only resume at checkpoints: the server fell back to the one before the change."
    case .templateRerendered:
      "The server rendered the model's own last answer differently from how it was generated."
    case .serverUnknown:
      "The request was unchanged, yet the server reused less than it had. It does not say why."
    }
  }

  /// What to do about it, in one or two sentences; nil if nothing needs to be done.
  public var advice: String? {
    switch self {
    case .none, .neutralRerender, .branch, .modelSwitch, .historyEvicted, .compaction, .redaction,
      .belowMinimum:
      nil
    case .toolOrder:
      "Make the agent (or its MCP servers) list tools in a fixed order."
    case .schemaOrder:
      "Make the tool server write its schemas in a fixed order; maps without order are the usual culprit."
    case .contentShape, .argumentsRewritten, .idsRegenerated, .whitespaceTrimmed:
      "Make the agent send past messages back as the bytes it received; look for a newer version of it."
    case .billingNonce:
      "Claude Code with a local server: set CLAUDE_CODE_ATTRIBUTION_HEADER=0."
    case .clock:
      "Take the clock out of the system prompt, or let the agent state the time at the end."
    case .environment, .memory:
      "Move text that changes from the system prompt to the newest message."
    case .toolDescription:
      "Keep session URLs, lists and counters out of tool descriptions."
    case .toolAdded, .toolRemoved:
      "Start all tool servers before the session, and do not switch them within it."
    case .toolRenamed:
      "Use one tool naming for the whole session."
    case .knob:
      "Keep tool choice, reasoning effort and template settings the same within a session."
    case .reminder:
      "Nothing to set in most agents; pinning keeps the reminder where it was."
    case .reasoningDropped:
      "Turn on the agent's option to send reasoning back (preserve or interleaved thinking)."
    case .signedThinking:
      "Report it to the agent's authors; thinking blocks must be sent back unchanged."
    case .toolResultCleared:
      "Turn off pruning of old tool results, or let it run seldom and in large steps."
    case .image:
      "Keep images as they were first sent."
    case .inPlaceEdit, .tailRewrite:
      "The excerpt shows what changed; most often a setting or plug-in of the agent re-renders history."
    case .compactionCall:
      "Choose an agent that appends its summary request to the conversation, tools and all."
    case .slotTaken:
      "Give the server more slots (llama.cpp: -np N), or -sps 0.9."
    case .lifetimeLapsed:
      "Ask for a longer cache lifetime, or send the next turn sooner."
    case .serverRestarted:
      "Nothing to do: the cache is being filled again."
    case .otherReplica:
      "Use a sticky routing key if the provider has one."
    case .checkpointRollback:
      "Use more checkpoints (--ctx-checkpoints), or --swa-full where memory allows."
    case .templateRerendered:
      "It costs only the newest answer each turn; another chat template may avoid it."
    case .serverUnknown:
      "Look at the server's log for evictions, and at its number of slots."
    }
  }
}
