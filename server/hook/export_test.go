package hook

// AddressError judges an address as a dialer does.
var AddressError = addressError

// Between puts f between the hook and its queue.
func (h *Hook) Between(f func(put storing) storing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store = f(h.store)
}
