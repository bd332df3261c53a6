package e2e

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/wire"
)

// The pack may take this much of what an analyzer without a policy takes.
const (
	maxStart   = 1.5 // from the start of the process to its answer to Handshake
	maxAnalyze = 2.0 // for a round trip of Analyze
)

// TestPerformance measures the pack against an analyzer without a policy, in
// turns, so that whatever else the machine does weighs on both alike.
func TestPerformance(t *testing.T) {
	pack := harness.Tools(t).Pack
	empty := harness.Command(t, "dynamoguard/e2e/emptyanalyzer")

	t.Run("start", func(t *testing.T) {
		ready := func(binary string) time.Duration { return wire.Start(t, binary, wire.Engine(t)).Ready }
		compare(t, maxStart, 25,
			func() time.Duration { return ready(pack) },
			func() time.Duration { return ready(empty) })
	})

	t.Run("Analyze", func(t *testing.T) {
		requests := []*pulumirpc.AnalyzeRequest{
			wire.Request(t, "aws:s3/bucketV2:BucketV2", "logs", nil, wire.AWS(t, "us-east-1")),
			table(t, "orders", true),
			table(t, "carts", false),
			rolePolicy(t, "checkout", true),
			rolePolicy(t, "clerk", false),
		}
		trip := func(p *wire.Plugin) func() time.Duration {
			return func() time.Duration {
				start := time.Now()
				for _, request := range requests {
					if _, err := p.Analyze(t.Context(), request); err != nil {
						t.Fatal(err)
					}
				}
				return time.Since(start) / time.Duration(len(requests))
			}
		}
		compare(t, maxAnalyze, 1000,
			trip(wire.Start(t, pack, wire.Engine(t))),
			trip(wire.Start(t, empty, wire.Engine(t))))
	})
}

// compare takes the medians of interleaved runs and fails where the first is
// more than limit times the second.
func compare(t *testing.T, limit float64, runs int, pack, empty func() time.Duration) {
	t.Helper()
	var packs, empties []time.Duration
	for range runs {
		packs, empties = append(packs, pack()), append(empties, empty())
	}
	ours, theirs := median(packs), median(empties)
	ratio := float64(ours) / float64(theirs)
	t.Logf("the pack %s, an empty analyzer %s: %.2f times (medians of %d)", ours, theirs, ratio, runs)
	if ratio > limit {
		t.Errorf("%.2f times an empty analyzer, want at most %.1f", ratio, limit)
	}
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// table returns the request for a table that every policy passes, or one that
// cannot be restored and has no key.
func table(t *testing.T, name string, good bool) *pulumirpc.AnalyzeRequest {
	t.Helper()
	properties := goodTable(name)
	if !good {
		delete(properties, "pointInTimeRecovery")
		delete(properties, "serverSideEncryption")
	}
	return wire.Request(t, "aws:dynamodb/table:Table", name, properties, wire.AWS(t, "us-east-1"))
}

// rolePolicy returns the request for an inline policy of a role on one table,
// or on everything.
func rolePolicy(t *testing.T, name string, good bool) *pulumirpc.AnalyzeRequest {
	t.Helper()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Action":["dynamodb:GetItem","dynamodb:PutItem","dynamodb:Query"],` +
		`"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}]}`
	if !good {
		document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}`
	}
	return wire.Request(t, "aws:iam/rolePolicy:RolePolicy", name, resource.PropertyMap{
		"name": resource.NewProperty(name), "role": resource.NewProperty("role"), "policy": resource.NewProperty(document),
	}, wire.AWS(t, "us-east-1"))
}
