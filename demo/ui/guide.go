package ui

// Guide stands beside a lone user and says what there is to try.
type Guide struct{}
