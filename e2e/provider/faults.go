package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// faultsVariable names the environment variable that holds faults, one a line:
// a method ("start", "handshake", "configure", "check", "create", "update",
// "read", "delete" or "invoke"), a token ("*" for any) and one of
//
//	error=TEXT     the call fails with the text; "start" fails the process
//	crash          the process ends
//	delay=2s       the call waits for a duration
//	wait=FILE      the call waits until there is a file, or until it is cancelled
//
// A call meets all of its faults, in their order. Each begins with a line in
// the log.
const faultsVariable = "STANDIN_AWS_FAULTS"

// fault is a line of that variable.
type fault struct{ method, token, kind, value string }

// parseFaults reads the variable's text.
func parseFaults(text string) ([]fault, error) {
	var faults []fault
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		words := strings.SplitN(line, " ", 3)
		if len(words) < 3 {
			return nil, fmt.Errorf("%s: %q is not METHOD TOKEN FAULT", faultsVariable, line)
		}
		f := fault{method: words[0], token: words[1]}
		f.kind, f.value, _ = strings.Cut(words[2], "=")
		switch f.kind {
		case "error", "crash", "delay", "wait":
		default:
			return nil, fmt.Errorf("%s: there is no fault %q", faultsVariable, f.kind)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// meet has a call meet its faults, and returns the error that it fails with.
func (p *provider) meet(ctx context.Context, method, token string) error {
	for _, f := range p.faults {
		if f.method != method || f.token != "*" && f.token != token {
			continue
		}
		if err := p.record(event{Operation: "fault", Token: token}); err != nil {
			return err
		}
		switch f.kind {
		case "error":
			return errors.New(f.value)
		case "crash":
			os.Exit(3)
		case "delay":
			duration, err := time.ParseDuration(f.value)
			if err != nil {
				return err
			}
			if err := p.sleep(ctx, duration); err != nil {
				return err
			}
		case "wait":
			for {
				if _, err := os.Stat(f.value); err == nil {
					break
				}
				if err := p.sleep(ctx, 10*time.Millisecond); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sleep waits for a duration, or until the call or the provider is cancelled.
func (p *provider) sleep(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.cancelled.Done():
		return p.cancelled.Err()
	case <-time.After(duration):
		return nil
	}
}
