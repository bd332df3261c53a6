package tables

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The keys open nothing. openssl wrote them: `openssl genpkey -algorithm ed25519`, then `openssl pkey -pubout`.
const (
	privateKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDNKB9PqoN+NLwEe04w/cyyVSIoL6pnRqdf1paypGSXG\n-----END PRIVATE KEY-----\n"
	publicKey  = "MCowBQYDK2VwAyEAIkQH+bV8kCqmtLwcpgRqbUpkpeLsM8K94lW8V821a3U="
	otherKey   = "MCowBQYDK2VwAyEAsnT9nV3gzXUxhUNYEAb7MIgSNzRLb2sbvAhYzphiWEY="
)

func TestSignature(t *testing.T) {
	private, err := ParsePrivateKey([]byte(privateKey))
	if err != nil {
		t.Fatal(err)
	}
	key := func(text string) ed25519.PublicKey {
		key, err := ParsePublicKey(text)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	x := New(time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC), []Entry{{
		Name: "orders", Organization: "acme", Project: "shop", Stack: "prod",
		URN: "urn:pulumi:prod::shop::aws:dynamodb/table:Table::orders",
	}}, nil, 0)
	encoded := x.Encode()
	signed := Sign(encoded, private)

	if !bytes.Equal(encoded, x.Encode()) {
		t.Error("Sign changed what it signed")
	}
	read, err := Decode(signed)
	if err != nil || !reflect.DeepEqual(read, x) {
		t.Errorf("the signed index reads as %+v, %v, not as %+v", read, err, x)
	}
	for _, tt := range []struct {
		name string
		data []byte
		key  string
		want string
	}{
		{"as signed", signed, publicKey, ""},
		{"another key", signed, otherKey, "its signature is not by the configured key"},
		{"a table renamed", bytes.Replace(signed, []byte("orders"), []byte("invoic"), 1), publicKey, "its signature is not by the configured key"},
		{"no signature", encoded, publicKey, "it is not signed"},
		{"nothing", nil, publicKey, "it is not signed"},
		{"more after it", append(bytes.Clone(signed), "\n"...), publicKey, "it is not signed"},
		{"twice", Sign(signed, private), publicKey, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := Verify(tt.data, key(tt.key)); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if err := Verify(encoded, key(publicKey)); !errors.Is(err, ErrUnsigned) {
		t.Errorf("got %v", err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for _, text := range []string{"", "x", publicKey[1:], strings.TrimRight(publicKey, "="), privateKey,
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEevZzL1gdAFr88hb2OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G"} {
		if _, err := ParsePublicKey(text); err == nil {
			t.Errorf("%q passes for a public key", text)
		}
		if _, err := ParsePrivateKey([]byte(text)); err == nil && text != privateKey {
			t.Errorf("%q passes for a private key", text)
		}
	}
}
