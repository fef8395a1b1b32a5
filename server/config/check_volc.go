package config

import "parley/internal/token"

// volcChecker judges what apps say of the volc dialect.
type volcChecker struct {
	*checker
	ids      map[string]int     // app by its id
	accounts map[string]account // by access key id
}

// account is who may call server APIs, for one app or several.
type account struct {
	secret Secret
	app    int // the first that names it
}

func (k *volcChecker) app(i int, app App, secrets map[Secret]string) {
	if app.VolcAppID != "" {
		if len(app.VolcAppID) != token.AppID001Chars || !printable(Secret(app.VolcAppID)) {
			k.refuse(appKey(i, "volcAppID"), "use exactly 24 ASCII characters without spaces, such as the output of \"openssl rand -hex 12\"", "%q is not an app id", app.VolcAppID)
		} else if other, taken := k.ids[app.VolcAppID]; taken {
			k.refuse(appKey(i, "volcAppID"), "change one", "apps[%d] has %s too", other, app.VolcAppID)
		}
		k.ids[app.VolcAppID] = i
		if app.VolcAppKey == "" && app.TokenAuth {
			k.refuse(appKey(i, "volcAppKey"), "add it, here or in "+secretEnv(app.Name, "volcAppKey"), "is missing: no token could be verified")
		}
	} else {
		for _, field := range []struct {
			key   string
			given bool
		}{{"volcAppKey", app.VolcAppKey != ""}, {"accessKeyID", app.AccessKeyID != ""}, {"secretAccessKey", app.SecretAccessKey != ""}} {
			if field.given {
				k.refuse(appKey(i, field.key), "add volcAppID, or remove this", "is given without volcAppID")
			}
		}
	}
	k.signing(appKey(i, "volcAppKey"), app.VolcAppKey, secrets)
	switch id, secret := app.AccessKeyID, app.SecretAccessKey; {
	case id == "" && secret == "":
	case id == "":
		k.refuse(appKey(i, "accessKeyID"), "add it", "is missing, and secretAccessKey is given")
	case secret == "":
		k.refuse(appKey(i, "secretAccessKey"), "add it, here or in "+secretEnv(app.Name, "secretAccessKey"), "is missing, and accessKeyID is given")
	default:
		k.account(i, id, secret, secrets)
	}
}

func (k *volcChecker) account(i int, id string, secret Secret, secrets map[Secret]string) {
	if !accessKeyID(id) {
		k.refuse(appKey(i, "accessKeyID"), "use 1 to 128 ASCII letters, digits, \"-\" and \"_\"", "%q is not an access key id", id)
	}
	known, taken := k.accounts[id]
	if !taken {
		k.accounts[id] = account{secret, i}
		k.signing(appKey(i, "secretAccessKey"), secret, secrets)
		return
	}
	if known.secret != secret {
		k.refuse(appKey(i, "secretAccessKey"), "give both the same secret, or other access key ids", "is another secret than that of apps[%d], which has the same accessKeyID", known.app)
	}
}

// accessKeyID reports whether id survives in a signature's scope, where "/" and ","
// have a meaning.
func accessKeyID(id string) bool {
	if len(id) > 128 {
		return false
	}
	for _, r := range id {
		if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// signing judges a secret that isn't bound to 32 characters; empty is fine here.
func (k *volcChecker) signing(key string, s Secret, secrets map[Secret]string) {
	if s == "" {
		return
	}
	if !printable(s) {
		k.refuse(key, "use ASCII characters without spaces", "holds white space or other characters")
	}
	k.secret(key, s, secrets)
	k.longEnough(key, s)
}
