#!/usr/bin/python3
"""Prints the vectors of permutation_test.c, space_test.c, site_key_test.c and secret_test.c.

Written from the specification alone, sharing no code with the service: integers of Python, AES
through the `openssl` command, HKDF (RFC 5869) with hmac of the standard library. Run it to see
where the numbers of those tests come from; it is slow and no part of the build.
"""
import hashlib
import hmac
import subprocess

KEY = bytes(range(16))
SAFE = "23456789ABCDEFGHJKLMNPRSTUVWXYZ"


def aes(key, block):
    run = subprocess.run(["openssl", "enc", "-aes-128-ecb", "-nopad", "-K", key.hex()],
                         input=block, capture_output=True, check=True)
    return run.stdout


def permute(key, size, value):
    bits = (size - 1).bit_length()
    half = max(1, (bits + 1) // 2)
    while True:
        left, right = value >> half, value & (1 << half) - 1
        for i in range(10):
            block = bytes([1, i]) + bytes(6) + right.to_bytes(8, "big")
            f = int.from_bytes(aes(key, block)[:8], "big") & (1 << half) - 1
            left, right = right, left ^ f
        value = left << half | right
        if value < size:
            return value


def text(value, alphabet, length):
    digits = ""
    for _ in range(length):
        value, digit = divmod(value, len(alphabet))
        digits = alphabet[digit] + digits
    assert value == 0
    return digits


def hkdf(ikm, salt, info, size):
    key = hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()
    out, last, n = b"", b"", 0
    while len(out) < size:
        n += 1
        last = hmac.new(key, last + info + bytes([n]), hashlib.sha256).digest()
        out += last
    return out[:size]


def main():
    sizes = [1, 2, 3, 97, 1000, 65537, 10**12, 2**40, 31**20, 30**20, 2**127, 82**20]
    for size in sizes:
        for value in sorted({0, size // 3, size - 1}):
            print(f"permutation {size} {value} -> {permute(KEY, size, value)}")
    for i in (0, 1, 2, 99999, 2**40 - 1):
        print(f"default {i} -> {text(permute(KEY, 31**20, i), SAFE, 20)}")
    size = (30**6 - 2) // 3 + 1  # length 8, serial_prefix "A-", exclude "2", share 2 of 3
    for i in (0, 1, size - 1):
        print(f"share {i} -> A-{text(3 * permute(KEY, size, i) + 1, SAFE[1:], 6)}")
    site, journal = bytes(range(32)), bytes(range(100, 116))
    print("check", hkdf(site, b"", b"packtrail check 1", 8).hex())
    for space in (1, 0x010203):
        info = b"packtrail pool 1" + space.to_bytes(4, "big")
        print("pool", space, hkdf(site, journal, info, 16).hex())
    print("secret", hkdf(site, b"", b"secret", 32).hex())


main()
