package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"parley/internal/bench/browser"
)

// machine is what figures depend on.
type machine struct {
	cpu, memory, kernel string
	versions            []string
}

func readMachine(ctx context.Context, root string) machine {
	m := machine{
		cpu:    firstMatch("/proc/cpuinfo", `(?m)^model name\s*:\s*(.+)$`),
		memory: firstMatch("/proc/meminfo", `(?m)^MemTotal:\s*(\d+) kB$`),
		kernel: firstMatch("/proc/sys/kernel/osrelease", `^(\d+\.\d+)`),
	}
	var kb float64
	if _, err := fmt.Sscan(m.memory, &kb); err == nil {
		m.memory = fmt.Sprintf("%.0f GiB", kb/(1<<20))
	}
	m.versions = append(m.versions, "Go "+strings.TrimPrefix(runtime.Version(), "go"))
	if v := says(ctx, root, "node", "--version"); v != "" {
		m.versions = append(m.versions, "Node "+strings.TrimPrefix(v, "v"))
	}
	if program, err := browser.Chromium(); err == nil {
		if f := strings.Fields(says(ctx, root, program, "--version")); len(f) > 1 {
			m.versions = append(m.versions, "Chromium "+f[1])
		}
	}
	if v := says(ctx, root, "go", "list", "-m", "-f", "{{.Version}}", "github.com/nats-io/nats-server/v2"); v != "" {
		m.versions = append(m.versions, "nats-server "+strings.TrimPrefix(v, "v"))
	}
	m.versions = append(m.versions, "centrifuge "+centrifugeVersion, "Socket.IO "+socketIOVersion, "ws "+wsVersion,
		"centrifuge-js 5.8.0 and 5.7.4")
	if v := says(ctx, root, "git", "rev-parse", "--short", "HEAD"); v != "" {
		m.versions = append(m.versions, "Parley at "+v)
	}
	return m
}

func firstMatch(file, pattern string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	if found := regexp.MustCompile(pattern).FindSubmatch(text); found != nil {
		return strings.TrimSpace(string(found[1]))
	}
	return "unknown"
}

// says returns the first line that a program prints, "" when it fails.
func says(ctx context.Context, dir, program string, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = dir
	out, err := command.Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
