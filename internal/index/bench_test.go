package index

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dynamoguard/internal/tables"
)

// BenchmarkFolder reads a backend of 1,000 stacks of 1 MB each: for the first time, with an empty cache; again, with
// nothing changed; and, to compare, only the bytes.
func BenchmarkFolder(b *testing.B) {
	const number = 1000
	env := machine(b, "PULUMI_BACKEND_URL=file://~")
	stacks := filepath.Join(env.Home, ".pulumi", "stacks")
	write(b, filepath.Join(env.Home, ".pulumi", "meta.yaml"), "version: 1\n")
	role := strings.ReplaceAll(`{
                    "urn": "urn:pulumi:dev::shop::aws:iam/role:Role::orders", "custom": true, "id": "orders", "type": "aws:iam/role:Role",
                    "inputs": {
                        "assumeRolePolicy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\"}]}"
                    },
                    "outputs": {"arn": "arn:aws:iam::111122223333:role/orders", "forceDetachPolicies": false, "maxSessionDuration": 3600},
                    "parent": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
                },`, "\t", "    ")
	roles := strings.Repeat(role, 1<<20/len(role))
	for i := range number {
		text := state("shop", fmt.Sprintf("s%d", i), fmt.Sprintf("orders-%d", i))
		write(b, filepath.Join(stacks, "shop", fmt.Sprintf("s%d.json", i)), strings.Replace(text, `"resources":[`, `"resources":[`+roles, 1))
	}
	read := func(b *testing.B) {
		l := Load(context.Background(), Settings{Budget: time.Minute}, env, acme)
		if found := l.Named("orders-777"); len(found) != 1 || len(l.Unread()) != 0 {
			b.Fatal(found, l.Unread())
		}
		<-l.saved
	}
	b.Run("bytes", func(b *testing.B) {
		b.SetBytes(number << 20)
		for b.Loop() {
			for i := range number {
				if _, err := os.ReadFile(filepath.Join(stacks, "shop", fmt.Sprintf("s%d.json", i))); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		b.SetBytes(number << 20)
		for b.Loop() {
			if err := os.RemoveAll(env.Cache); err != nil {
				b.Fatal(err)
			}
			read(b)
		}
	})
	b.Run("again", func(b *testing.B) {
		read(b)
		for b.Loop() {
			read(b)
		}
	})
}

// BenchmarkUnchanged reads a backend of 1,000 stacks with 100 tables each, in which nothing has changed.
func BenchmarkUnchanged(b *testing.B) {
	env := machine(b, "PULUMI_BACKEND_URL=file://~")
	for i := range 1000 {
		var resources []string
		for j := range 100 {
			_, resource, _ := strings.Cut(state("shop", fmt.Sprintf("s%d", i), fmt.Sprintf("orders-%d-%d", i, j)), `"resources":[`)
			resources = append(resources, strings.TrimSuffix(resource, "]}}}"))
		}
		write(b, filepath.Join(env.Home, ".pulumi", "stacks", fmt.Sprintf("s%d.json", i)),
			`{"version":3,"checkpoint":{"latest":{"resources":[`+strings.Join(resources, ",")+"]}}}")
	}
	read := func() {
		l := Load(context.Background(), Settings{Budget: time.Minute}, env, acme)
		if found := l.Named("orders-777-77"); len(found) != 1 || len(l.Unread()) != 0 {
			b.Fatal(found, l.Unread())
		}
		<-l.saved
	}
	read()
	for b.Loop() {
		read()
	}
}

// BenchmarkIndex loads an index of 100,000 tables from a file, its checksum included, and asks it for 1,000 names.
func BenchmarkIndex(b *testing.B) {
	env := machine(b)
	entries := make([]tables.Entry, 100_000)
	for i := range entries {
		stack := fmt.Sprintf("s%d", i%7)
		entries[i] = tables.Entry{
			Partition: "aws", Account: fmt.Sprintf("%012d", i%50), Region: "us-east-1", Name: fmt.Sprintf("orders-%d", i),
			Organization: "acme", Project: "shop", Stack: stack, URN: fmt.Sprintf("urn:pulumi:%s::shop::aws:dynamodb/table:Table::t%d", stack, i),
		}
	}
	text := string(tables.New(time.Now(), entries, nil, 0).Encode())
	write(b, filepath.Join(env.Home, "index.json"), text)
	settings := Settings{Source: filepath.Join(env.Home, "index.json"), SHA256: checksumOf(text), Budget: time.Minute}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		l := Load(context.Background(), settings, env, acme)
		for i := range 1000 {
			if found := l.Named(fmt.Sprintf("orders-%d", i*97)); len(found) != 1 {
				b.Fatal(i, found, l.Unread())
			}
		}
	}
}
