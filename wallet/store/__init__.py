"""The wallet's database: holders, ways to unlock, sealed records. Nothing of a holder stands in it readably."""
