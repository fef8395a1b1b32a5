package config

import "slices"

// The development apps' secrets are public: they stand in the documentation and
// in every copy of this file.
var devApps = []App{
	{
		Name:           "demo",
		AppID:          1000000001,
		ServerSecrets:  []Secret{"parley0dev0demo0server0secret001"},
		CallbackEvents: CallbackEventNames,
		CallbackSecret: "parley0dev0demo0callback0secret1",
		TokenAuth:      true,
		MultiRoom:      true,
		Diagnostics:    "full",

		VolcAppID:       "d00000000000000000000001",
		VolcAppKey:      "parley0dev0demo0volc0app0key0001",
		AccessKeyID:     "AKparley0dev0demo",
		SecretAccessKey: "parley0dev0demo0secret0access0key",
	},
	{
		Name:           "other",
		AppID:          1000000002,
		ServerSecrets:  []Secret{"parley0dev0other0server0secret02"},
		CallbackEvents: CallbackEventNames,
		CallbackSecret: "parley0dev0other0callback0secret",
		TokenAuth:      true,
		MultiRoom:      true,
		Diagnostics:    "full",

		VolcAppID:       "d00000000000000000000002",
		VolcAppKey:      "parley0dev0other0volc0app0key002",
		AccessKeyID:     "AKparley0dev0other",
		SecretAccessKey: "parley0dev0other0secret0access0key",
	},
}

// DevAdminKey opens the admin API of "parley dev". It is as public as the apps'
// secrets.
const DevAdminKey Secret = "parley0dev0admin0key000000000001" //nolint:gosec // known to everybody, on purpose

// sampleSecrets stand in documentation and examples as well, ours and others'.
var sampleSecrets = []Secret{
	"0123456789abcdef0123456789abcdef",
	"9193cc662a4c0ec135ec71fb57194b38",
}

// DevApps returns the two apps of "parley dev", "demo" and "other": fixed ids and
// secrets, so that examples and tests can name them. The caller may change them.
func DevApps() []App {
	apps := slices.Clone(devApps)
	for i := range apps {
		apps[i].ServerSecrets = slices.Clone(apps[i].ServerSecrets)
		apps[i].CallbackEvents = slices.Clone(apps[i].CallbackEvents)
	}
	return apps
}

// IsDevSecret reports whether s is one of the development server's secrets, of its
// apps or of its admin API, or one that stands in examples: everybody knows those.
func IsDevSecret(s Secret) bool {
	if s == DevAdminKey || slices.Contains(sampleSecrets, s) {
		return true
	}
	for _, app := range devApps {
		if s == app.CallbackSecret || s == app.VolcAppKey || s == app.SecretAccessKey || slices.Contains(app.ServerSecrets, s) {
			return true
		}
	}
	return false
}
