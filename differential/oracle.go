package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// Answer is what an evaluator says of a case.
type Answer struct {
	ID      string   `json:"id"`
	Verdict string   `json:"verdict"` // "Allowed", "ImplicitlyDenied", "ExplicitlyDenied", "Invalid", or "Error" of the evaluator
	Detail  string   `json:"detail"`  // of Invalid and Error
	Ignored []string `json:"ignored"` // keys of the context that the oracle says a request of this action does not carry
}

// Oracle is the independent evaluator: a Node process that answers a line with a line.
type Oracle struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// StartOracle starts oracle.mjs of a directory.
func StartOracle(dir string) (*Oracle, error) {
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil, fmt.Errorf("the oracle is not installed: run npm ci in %s", dir)
	}
	command := exec.Command("node", "oracle.mjs")
	command.Dir, command.Stderr = dir, os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &Oracle{command, in, bufio.NewReaderSize(out, 1<<20)}, command.Start()
}

// Oracles are several of them, which share the work.
type Oracles []*Oracle

// StartOracles starts one for each processor.
func StartOracles(dir string) (all Oracles, err error) {
	for range runtime.NumCPU() {
		one, err := StartOracle(dir)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, one)
	}
	return all, nil
}

// Judge asks for the verdicts of cases, in their order.
func (all Oracles) Judge(cases []*Case) ([]Answer, error) {
	parts, errs := make([][]Answer, len(all)), make([]error, len(all))
	var working sync.WaitGroup
	for i, one := range all {
		from, to := i*len(cases)/len(all), (i+1)*len(cases)/len(all)
		working.Go(func() { parts[i], errs[i] = one.judge(cases[from:to]) })
	}
	working.Wait()
	return slices.Concat(parts...), errors.Join(errs...)
}

// Close ends the processes.
func (all Oracles) Close() error {
	var errs []error
	for _, one := range all {
		errs = append(errs, one.close())
	}
	return errors.Join(errs...)
}

// judge asks one of them.
func (o *Oracle) judge(cases []*Case) ([]Answer, error) {
	written := make(chan error, 1)
	go func() {
		lines := bufio.NewWriterSize(o.in, 1<<20)
		for _, c := range cases {
			lines.Write(append(c.Line(), '\n')) // the writer keeps the error
		}
		written <- lines.Flush()
	}()
	answers := make([]Answer, len(cases))
	for i, c := range cases {
		line, err := o.out.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("the oracle stopped at case %s: %w", c.ID, err)
		}
		if err := json.Unmarshal(line, &answers[i]); err != nil {
			return nil, fmt.Errorf("the oracle's answer to case %s: %w", c.ID, err)
		}
		if answers[i].ID != c.ID {
			return nil, fmt.Errorf("the oracle answers case %s with %s", c.ID, line)
		}
	}
	return answers, <-written
}

// close ends the process.
func (o *Oracle) close() error { return errors.Join(o.in.Close(), o.command.Wait()) }
