package business

// Hosts returns how many hosts have requests under way.
func (c *Caller) Hosts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.hosts)
}
