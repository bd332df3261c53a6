package command

import (
	"context"
	"os"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/engine"
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
		AWS: &account.Sources{Getenv: system.Getenv, ReadFile: os.ReadFile, Home: system.Home},
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
