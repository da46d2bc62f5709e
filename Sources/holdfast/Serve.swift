func serve(_ options: ServeOptions) -> Int32 { 1 }
func simulate(_ options: SimulateOptions) -> Int32 { 1 }
