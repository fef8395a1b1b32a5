package config

import (
	"os"
	"strings"
	"testing"
)

// TestDocIsCurrent fails when a setting has changed and docs/configuration.md
// has not. Replace what stands between the two marks by what
// "parley config doc" prints.
func TestDocIsCurrent(t *testing.T) {
	const begin, end = "<!-- begin: parley config doc -->\n", "<!-- end: parley config doc -->\n"
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), begin)
	table, _, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("docs/configuration.md lacks a line %q or %q", begin, end)
	}
	if want := Doc(); table != want {
		t.Errorf("docs/configuration.md is stale; parley config doc prints\n%s", want)
	}
}

// TestDocSample holds the sample file of the page to the loader.
func TestDocSample(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	sample, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("docs/configuration.md has no sample in YAML")
	}
	path := t.TempDir() + "/parley.yaml"
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := "PARLEY_APP_CLASSROOM_SERVER_SECRETS=q7Zk2mVx9Lr4Tn8Bw3Ys6Hd1Jf5Gp0Ca"
	cfg, from, err := Load(path, []string{secret}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(cfg, from); err != nil {
		t.Fatal(err)
	}
	if len(cfg.Apps) != 1 || cfg.Apps[0].AppID != 1234567890 || cfg.Listen != ":8443" {
		t.Errorf("the sample means %+v", cfg)
	}
}
