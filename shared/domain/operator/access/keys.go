package access

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Key is an operator's key, known by the hex SHA-256 of it.
type Key struct {
	Name string
	Role Role
	Hash string // lower case
}

// fingerprint is how many letters of a hash tell keys apart.
const fingerprint = 8

// Fingerprint is the part of a hash that names a key without telling anything of it.
func Fingerprint(hash string) string {
	return strings.ToLower(hash[:min(len(hash), fingerprint)])
}

// Caller is who holds the key.
func (k Key) Caller() Caller { return Caller{Name: k.Name, Role: k.Role, Key: Fingerprint(k.Hash)} }

// Keys are the keys of a deployment's operators. A name may have several: so one is changed for another without a gap.
type Keys []Key

// maxName bounds, in bytes, what an operator is called.
const maxName = 100

// UnmarshalText reads "name:role:hash, ...". A hash is public enough to be written down: nothing leads from it back to a key that was drawn at random.
func (k *Keys) UnmarshalText(text []byte) error {
	*k = nil
	for i, part := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == '\n' }) {
		fields := strings.Split(strings.TrimSpace(part), ":")
		if len(fields) != 3 {
			return fmt.Errorf("has as entry %d no name:role:hash", i+1)
		}
		one := Key{Name: fields[0], Role: Role(fields[1]), Hash: strings.ToLower(fields[2])}
		sum, err := hex.DecodeString(one.Hash)
		switch {
		case strings.TrimSpace(one.Name) != one.Name || one.Name == "" || len(one.Name) > maxName:
			return fmt.Errorf("has as entry %d a name that is not 1 to %d bytes without blanks around it", i+1, maxName)
		case !slices.Contains(roles, one.Role):
			return fmt.Errorf("has as entry %d a role that is none of %v", i+1, roles)
		case err != nil || len(sum) != 32:
			return fmt.Errorf("has as entry %d something that is no SHA-256 in hex", i+1)
		case slices.ContainsFunc(*k, func(other Key) bool { return other.Hash == one.Hash }):
			return fmt.Errorf("has as entry %d a key that is there already", i+1)
		}
		*k = append(*k, one)
	}
	return nil
}
