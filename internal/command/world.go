package command

import (
	"context"
	"os"
	"sync"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/files"
	"dynamoguard/internal/index"
	"dynamoguard/internal/policy"
)

// world is the machine that the pack runs on: its files, its environment variables and its network.
func world(ctx context.Context) engine.World {
	system := index.System()
	// Unlike the CLI, the AWS SDK asks HOME for the home.
	// Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
	home, err := os.UserHomeDir()
	if err != nil {
		home = system.Home
	}
	return engine.World{
		Load: func(s policy.IndexSettings, stack policy.StackContext) (policy.Others, func()) {
			l := index.Load(ctx, index.Settings{
				Source: s.Source,
				SHA256: s.SHA256,
				MaxAge: time.Duration(s.MaxAgeDays) * 24 * time.Hour,
				Budget: time.Duration(s.BudgetSeconds) * time.Second,
			}, system, index.Stack{Organization: stack.Organization, Project: stack.Project, Name: stack.Name})
			return l, l.Stop
		},
		AWS: &account.Sources{Getenv: os.Getenv, ReadFile: once(ctx), Home: home},
	}
}

// once returns a function that reads the files of the AWS configuration, each once: every table and every provider may ask
// for them, and their answer is the same for the whole run.
func once(ctx context.Context) func(path string) ([]byte, error) {
	const (
		most     = 4 << 20 // thousands of profiles
		patience = 5 * time.Second
	)
	var mu sync.Mutex
	reads := map[string]func() ([]byte, error){}
	return func(path string) ([]byte, error) {
		mu.Lock()
		read := reads[path]
		if read == nil {
			read = sync.OnceValues(func() ([]byte, error) {
				ctx, done := context.WithTimeout(ctx, patience)
				defer done()
				return files.Read(ctx, path, most)
			})
			reads[path] = read
		}
		mu.Unlock()
		return read()
	}
}
