package tables

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
)

// A signed index carries its signature as its last member, so that one file, or one presigned URL, is all there is to get.
// What is signed are the bytes before that member.
const (
	beforeSignature = `,"signature":"`
	afterSignature  = "\"}\n"
)

// signatureLength is that of the member: its text is the base64 of 64 bytes.
var signatureLength = len(beforeSignature) + base64.StdEncoding.EncodedLen(ed25519.SignatureSize) + len(afterSignature)

// ErrUnsigned says that an index carries no signature where one is asked for.
var ErrUnsigned = errors.New("it is not signed")

// Sign signs what Encode wrote.
func Sign(encoded []byte, key ed25519.PrivateKey) []byte {
	signed := bytes.TrimSuffix(encoded, []byte("}\n"))
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed))
	return append(bytes.Clone(signed), beforeSignature+signature+afterSignature...)
}

// Verify checks the signature of an index as it came. Nothing that it does not cover counts: it stands last, and the text
// before it is the whole index.
func Verify(data []byte, key ed25519.PublicKey) error {
	at := len(data) - signatureLength
	if at < 0 || !bytes.HasPrefix(data[at:], []byte(beforeSignature)) || !bytes.HasSuffix(data, []byte(afterSignature)) {
		return ErrUnsigned
	}
	text := data[at+len(beforeSignature) : len(data)-len(afterSignature)]
	signature, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || !ed25519.Verify(key, data[:at], signature) {
		return errors.New("its signature is not by the configured key")
	}
	return nil
}

// ParsePublicKey reads an ed25519 key as `openssl pkey -pubout` writes it, without the lines around it: the base64 of a
// SubjectPublicKeyInfo, which begins with MCowBQYDK2VwAyEA.
//
// Source: https://www.rfc-editor.org/rfc/rfc8410#section-4
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		if key, err := x509.ParsePKIXPublicKey(der); err == nil {
			if key, ok := key.(ed25519.PublicKey); ok {
				return key, nil
			}
		}
	}
	return nil, errors.New("is not an ed25519 public key, such as openssl pkey -pubout writes between its first line and its last")
}

// ParsePrivateKey reads an ed25519 key as `openssl genpkey -algorithm ed25519` writes it: PKCS #8 in PEM. An error says
// nothing of what was read.
func ParsePrivateKey(text []byte) (ed25519.PrivateKey, error) {
	if block, _ := pem.Decode(text); block != nil && block.Type == "PRIVATE KEY" {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, ok := key.(ed25519.PrivateKey); ok {
				return key, nil
			}
		}
	}
	return nil, errors.New("is not an ed25519 private key in PEM, such as openssl genpkey -algorithm ed25519 writes")
}
