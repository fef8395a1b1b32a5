package express

// ActionRates returns how often an app may call each action in a second.
func ActionRates() map[string]int {
	rates := map[string]int{}
	for name, a := range actions {
		rates[name] = a.perSecond
	}
	return rates
}

// Codes returns the codes that stand in the table of the core's errors.
func Codes() []int {
	var codes []int
	for _, row := range numbers {
		for _, code := range row {
			if code != 0 {
				codes = append(codes, code)
			}
		}
	}
	return codes
}
