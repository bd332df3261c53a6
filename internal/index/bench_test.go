package index

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
		l := Load(context.Background(), Settings{Budget: time.Minute}, env, dev)
		if found := l.Named("orders-777"); len(found) != 1 || len(l.Unread()) != 0 {
			b.Fatal(found, l.Unread())
		}
		<-l.done
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
