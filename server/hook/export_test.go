package hook

// AddressError judges an address as a dialer does.
var AddressError = addressError
