package command

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/files"
	"dynamoguard/internal/index"
	"dynamoguard/internal/policy"
)

// world is what the engine learns of the machine that the pack runs on: its files, its environment variables and its network.
func world(ctx context.Context, system index.Machine) engine.World {
	return engine.World{
		Load: func(s policy.IndexSettings, stack policy.StackContext) (policy.Others, func()) {
			if s.Source == index.None {
				return nil, func() {} // so that nobody takes it that there are none
			}
			l := index.Load(ctx, indexSettings(s), system, stack.Organization)
			return l, l.Stop
		},
		AWS: &account.Sources{Getenv: system.Getenv, ReadFile: once(ctx), Home: awsHome(system)},
	}
}

func indexSettings(s policy.IndexSettings) index.Settings {
	return index.Settings{
		Source:    s.Source,
		SHA256:    s.SHA256,
		PublicKey: s.PublicKey,
		Header:    s.HeaderFromEnv,
		MaxAge:    time.Duration(s.MaxAgeDays) * 24 * time.Hour,
		Budget:    time.Duration(s.BudgetSeconds) * time.Second,
	}
}

// awsHome is where the AWS SDK looks for its files: unlike the CLI, it asks the environment for the home.
//
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
func awsHome(system index.Machine) string {
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	return cmp.Or(system.Getenv(variable), system.Home)
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
