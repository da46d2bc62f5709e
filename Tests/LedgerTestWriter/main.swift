writeLedger(CommandLine.arguments)
