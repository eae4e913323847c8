//go:build !linux

package dynamodb

func (s *store) trimMapping() {}

func (s *store) releaseMapping() {}
