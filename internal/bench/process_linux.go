package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	serverCore    = "0"
	generatorCore = "1"

	startTimeout = 15 * time.Second
	stopTimeout  = 3 * time.Second
)

// process is something that we started. It ends with us.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	log     *os.File
}

// startPinned starts a program on one core, with its output in a log file.
func startPinned(core, logFile string, argv []string) (*process, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	command := exec.Command("taskset", append([]string{"-c", core}, argv...)...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", argv[0], err), log.Close())
	}
	p := &process{command: command, ended: make(chan struct{}), log: log}
	go func() {
		_ = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// pid is the server's own: taskset replaces itself by the program.
func (p *process) pid() int { return p.command.Process.Pid }

// stop asks the process and its children to end, and then makes them.
func (p *process) stop() {
	_ = syscall.Kill(-p.pid(), syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
	}
	_ = syscall.Kill(-p.pid(), syscall.SIGKILL)
	<-p.ended
	_ = p.log.Close()
}

// listening waits until something accepts connections at the port.
func (p *process) listening(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return fmt.Errorf("server ended at once, see %s", p.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("server does not listen after %s, see %s", startTimeout, p.log.Name())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// freePort returns a port on which nobody listens at the moment.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// raiseFileLimit lets us and our children open 20,000 sockets where the system
// allows it. Setting it explicitly makes the children inherit it.
func raiseFileLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read limit of open files: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise limit of open files: %w", err)
	}
	if limit.Cur < 11_000 {
		return fmt.Errorf("only %d files may be open, 10,000 connections need 11,000: raise ulimit -n", limit.Cur)
	}
	return nil
}
