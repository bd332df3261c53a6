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

// world is the machine that the pack runs on: its files, its environment variables and its network.
func world(ctx context.Context) engine.World {
	system := index.System()
	return engine.World{
		Load: func(s policy.IndexSettings, stack policy.StackContext) (policy.Others, func()) {
			l := index.Load(ctx, index.Settings{
				Source: s.Source,
				SHA256: s.SHA256,
				MaxAge: time.Duration(s.MaxAgeDays) * 24 * time.Hour,
				Budget: time.Duration(s.BudgetSeconds) * time.Second,
			}, system, stack.Organization)
			return l, l.Stop
		},
		AWS: &account.Sources{Getenv: os.Getenv, ReadFile: os.ReadFile, Home: system.Home},
	}
}
