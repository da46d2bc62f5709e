runReplay()
